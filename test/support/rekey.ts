import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setPolicy } from '../../server/organisations/set-policy.ts';
import type { Binding } from '../../server/ports/bindings.ts';
import type { StoredCertificate } from '../../server/ports/certificates.ts';
import type { Policy } from '../../server/ports/policies.ts';
import type { ServeOptions } from '../../server/serve.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { EstDevice, serverPair } from './est.ts';
import { type ListedDevice, startTestServer, type TestServer } from './server.ts';
import { makeDevice, type TestDevice, type WantedDevice } from './server-device.ts';
import { closeFaultless } from './server-faults.ts';
import type { TestOperator } from './server-operator.ts';
import { register } from './server-register.ts';

/** A device's one key as an EST client, and what it came by. */
export interface KeyHolder {
  readonly device: TestDevice;
  readonly est: EstDevice;
}

/** A server with EST, people, and devices that change their keys; the clock goes as it is told. */
export class RekeyBench {
  readonly server: TestServer;
  readonly ines: TestOperator;
  readonly folder: string;
  readonly #time: { ahead: number };
  #names = 0;

  private constructor(server: TestServer, ines: TestOperator, folder: string, time: { ahead: number }) {
    this.server = server;
    this.ines = ines;
    this.folder = folder;
    this.#time = time;
  }

  static async start(options: Partial<ServeOptions> = {}, from?: string): Promise<RekeyBench> {
    const folder = from ?? mkdtempSync(join(tmpdir(), 'fieldbind-rekey-'));
    const time = { ahead: 0 };
    const est = { ...(await serverPair(folder)), port: 0, host: '127.0.0.1' };
    const server = await startTestServer({ est, clock: { now: () => Date.now() + time.ahead }, ...options });
    return new RekeyBench(server, await server.signIn('ines'), folder, time);
  }

  /** Ends the server, which must have had no fault, over a trail that holds. */
  async close({ keep = false } = {}): Promise<void> {
    const verified = await verifyAudit(this.server.running.installation);
    if (!verified.ok) throw new Error(`the trail does not hold: ${JSON.stringify(verified)}`);
    await closeFaultless(this.server);
    if (!keep) rmSync(this.folder, { recursive: true });
  }

  get stores() {
    return this.server.running.installation.stores;
  }

  /** So many milliseconds after now. */
  set ahead(milliseconds: number) {
    this.#time.ahead = milliseconds;
  }

  policy(policy: Policy, org = 'northfield', domain: string | null = null) {
    return setPolicy({ org, domain, policy }, 'sam', this.server.running.installation);
  }

  /** A device with this key, as an EST client. */
  async holder(device: TestDevice): Promise<KeyHolder> {
    const url = this.server.running.estUrl ?? '';
    return { device, est: await new EstDevice(url, this.folder, device, `key-${++this.#names}`).prepare() };
  }

  /** A bound device that uses its certificate: shown, so nothing of it waits. */
  async bound(wanted: ListedDevice = {}): Promise<KeyHolder> {
    const holder = await this.holder(await this.server.listedDevice(wanted));
    await register(this.ines, holder.device);
    await this.enrol(holder);
    await this.show(holder);
    return holder;
  }

  /** Another key of the same device, with a request for it. */
  async nextKey({ device: { maker, udid } }: KeyHolder, wanted: WantedDevice = {}): Promise<KeyHolder> {
    return this.holder(await makeDevice({ maker, udid, ...wanted }));
  }

  /** What the device is given for its key, and keeps. */
  async enrol({ est }: KeyHolder): Promise<number> {
    const { status, leaf } = await est.ask('simpleenroll');
    if (status === 200) est.keep('leaf.pem', leaf);
    return status;
  }

  /** A contact with its certificate. */
  async show({ est }: KeyHolder): Promise<number> {
    return (await est.ask('simpleenroll', { show: 'leaf.pem' })).status;
  }

  /** simplereenroll with the certificate of one key and a request for another. Gives the certificate, or the code of the refusal. */
  async rekey(from: KeyHolder, to: KeyHolder): Promise<string> {
    const answer = await from.est.ask('simplereenroll', { show: 'leaf.pem', request: to.est.at('csr') });
    if (answer.status === 202) return 'wait';
    if (answer.status !== 200) return codeOf(readFileSync(from.est.at('answer'), 'utf8'));
    to.est.keep('leaf.pem', answer.leaf);
    return answer.leaf;
  }

  /** A device that has shown the certificate of its second key. */
  async rekeyed(wanted: ListedDevice = {}): Promise<{ first: KeyHolder; second: KeyHolder }> {
    const first = await this.bound(wanted);
    const second = await this.nextKey(first);
    const leaf = await this.rekey(first, second);
    if (!leaf.includes('CERTIFICATE') || (await this.show(second)) !== 200)
      throw new Error(`not re-keyed: ${leaf}`);
    return { first, second };
  }

  async binding({ device: { maker, udid } }: KeyHolder): Promise<Binding | undefined> {
    return this.stores.liveBindings.byName(maker, udid);
  }

  /** Every certificate ever issued for the device, the newest first. */
  async certificates({ device }: KeyHolder): Promise<StoredCertificate[]> {
    const ever = await this.stores.bindingHistory.ofUdid(device.udid);
    return (await Promise.all(ever.map(({ id }) => this.stores.certificates.ofBinding(id)))).flat();
  }
}

function codeOf(body: string): string {
  return (JSON.parse(body) as { code: string }).code;
}
