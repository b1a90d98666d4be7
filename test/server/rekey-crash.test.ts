import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { uuid7 } from '../../core/uuid7.ts';
import { DEFAULT_POLICY } from '../../server/authority/ca/policy.ts';
import { noteContact } from '../../server/authority/ra/contact/note-contact.ts';
import { renewCertificate } from '../../server/authority/ra/contact/renew-certificate.ts';
import { openInstallation } from '../../server/installation.ts';
import type { ServeOptions } from '../../server/serve.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { databaseOf } from '../support/database.ts';
import { EstCaPeer } from '../support/est-ca.ts';
import { PATIENCE } from '../support/patience.ts';
import { type KeyHolder, RekeyBench } from '../support/rekey.ts';
import { OAK_STREET } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { answerFor } from '../support/server-fresh.ts';
import { signInAs } from '../support/server-operator.ts';
import { startProcess } from '../support/server-process.ts';
import { register } from '../support/server-register.ts';
import { trailOf } from '../support/trail.ts';

const DAY = 24 * 3_600_000;
const CHILD = join(import.meta.dirname, '../support/rekey-crash-child.ts');

/** A bench on a data folder that outlives it. */
async function begin(options: Partial<ServeOptions> = {}): Promise<{
  bench: RekeyBench;
  start: (more?: Partial<ServeOptions>) => Promise<RekeyBench>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldbind-rekey-'));
  const start = (more: Partial<ServeOptions> = {}) =>
    RekeyBench.start({ data: join(folder, 'data'), ...more }, folder);
  const bench = await start(options);
  await bench.policy({ rekey: 'allow' });
  return { bench, start };
}

/** The same key with the certificate that it has, at another start of the server. */
async function again(bench: RekeyBench, { device, est }: KeyHolder): Promise<KeyHolder> {
  const holder = await bench.holder(device);
  holder.est.keep('leaf.pem', readFileSync(est.at('leaf.pem'), 'utf8'));
  return holder;
}

/** A re-key in a process of its own, which dies after `step`. */
async function dieOverRekey(data: string, binding: string, { est }: KeyHolder, step: string): Promise<void> {
  const env = { ...process.env, FIELDBIND_DATABASE_URL: (await databaseOf(data)) ?? '' };
  const child = spawn(process.execPath, [CHILD, data, binding, est.at('csr'), step], {
    env,
    stdio: 'inherit',
  });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
}

/** A re-key in a process that died after `step`: its two keys at the next start, and the intent that it left. */
async function killedAfter(step: string, more: (start: number) => Partial<ServeOptions> = () => ({})) {
  const { bench, start } = await begin();
  const first = await bench.bound();
  const second = await bench.nextKey(first);
  const id = (await bench.binding(first))?.id ?? '';
  const { data } = bench.server;
  await bench.close({ keep: true });
  await dieOverRekey(data, id, second, step);
  const after = await start(more(Date.now()));
  const [left] = await after.stores.intents.unfinished();
  return { bench: after, first: await again(after, first), second: await after.holder(second.device), left };
}

describe('a server killed in the middle of a re-key', () => {
  it.each(['intended', 'signed'])(
    'after "%s": the same bytes are signed when it is asked again',
    async (step) => {
      const { bench, first, second, left } = await killedAfter(step);
      expect(left?.intent.serial).toMatch(/^[0-9a-f]{32}$/);
      // Nothing of it is the old key's, by any way; and another key has to wait.
      const own = readFileSync(first.est.at('leaf.pem'), 'utf8');
      expect((await first.est.ask('simplereenroll', { show: 'leaf.pem' })).leaf).toBe(own);
      expect((await first.est.ask('simpleenroll')).leaf).toBe(own);
      expect((await register(bench.ines, first.device)).certificate?.leafPem).toBe(own);
      expect(await bench.rekey(first, await bench.nextKey(first))).toBe('successor_waits');
      expect((await second.est.ask('simpleenroll')).status).toBe(202);
      expect(await register(bench.ines, second.device)).toMatchObject({ code: 'key_mismatch' });

      const leaf = await bench.rekey(first, second);
      expect(new X509Certificate(leaf).serialNumber.toLowerCase()).toBe(left?.intent.serial);
      expect(await bench.show(second)).toBe(200);
      expect(await bench.stores.intents.unfinished()).toEqual([]);
      const events = (await trailOf(bench.stores)).filter(({ subject }) => subject === first.device.udid);
      expect(events.map(({ event }) => event).slice(-3)).toEqual(['re-key intended', 're-keyed', 'shown']);
      await bench.close();
    },
  );

  it('abandons what is a day old, and begins anew when it is asked again', async () => {
    const { bench, first, second, left } = await killedAfter('intended', () => ({
      clock: { now: () => Date.now() + 2 * DAY },
    }));
    expect(left).toBeUndefined();
    expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
    expect(await bench.show(second)).toBe(200);
    await bench.close();
  });

  it('lets a visit renew the old key, if nobody waits for the new one any more', async () => {
    const { bench, first, second } = await killedAfter('intended', () => ({
      clock: { now: () => Date.now() + 300 * DAY },
    }));
    const capturedAt = new Date(Date.now() + 300 * DAY).toISOString();
    const renewed = await register(bench.ines, first.device, { capturedAt });
    expect(renewed).toMatchObject({ outcome: 'bound', code: 'renewed' });
    expect(await bench.rekey(first, second)).toBe('successor_waits');
    first.est.keep('leaf.pem', renewed.certificate?.leafPem ?? '');
    expect(await bench.show(first)).toBe(200);
    expect(await bench.rekey(first, second)).toContain('CERTIFICATE');
    expect(await bench.show(second)).toBe(200);
    await bench.close();
  });

  it('takes nothing of it for a visit that another crash left undecided', async () => {
    const { bench, start } = await begin({ policy: { ...DEFAULT_POLICY, device: 600_000 } });
    const first = await bench.bound();
    const second = await bench.nextKey(first);
    const id = (await bench.binding(first))?.id ?? '';
    const { data } = bench.server;
    await bench.close({ keep: true });
    // The visit's renewal is intended, and its server dies.
    const { child, url } = await startProcess(data, 'intended');
    const payload = registrationOf(first.device, OAK_STREET);
    const ines = await signInAs(url, 'ines');
    const { jws } = await ines.seal('registration+jws', payload, 'northfield');
    const ended = once(child, 'exit');
    await ines.send([jws]).catch(() => undefined);
    expect(await ended).toEqual([null, 'SIGKILL']);
    // Meanwhile another process renews the device by its own contact, sees that, and dies over its next key.
    const databaseUrl = await databaseOf(data);
    const other = await openInstallation({
      data,
      databaseUrl,
      publicUrl: 'http://x',
      suffix: 'fieldbind.internal',
    });
    const current = await other.stores.certificates.newest(id);
    if (current === undefined) throw new Error('no certificate');
    const renewed = await renewCertificate({ id }, current, first.device.spki, other);
    await noteContact({ fingerprint: renewed?.fingerprint ?? '' }, { id }, other);
    await other.close();
    await dieOverRekey(data, id, second, 'intended');

    const after = await start();
    const { fingerprint } = renewed ?? {};
    expect(await after.ines.outcome(payload.id, 'northfield')).toMatchObject({
      ...{ outcome: 'bound', code: 'same_install', certificate: { fingerprint } },
    });
    expect(await after.stores.intents.unfinished()).toMatchObject([{ binding: id }]);
    const own = await again(after, first);
    own.est.keep('leaf.pem', (await own.est.ask('simpleenroll')).leaf);
    expect(await after.rekey(own, second)).toContain('CERTIFICATE');
    await after.close();
  });

  it('lets a third key come in the place of one that nobody finished', async () => {
    const { bench, first, second } = await killedAfter('intended', () => ({
      clock: { now: () => Date.now() + 2 * DAY },
    }));
    const third = await bench.nextKey(first);
    expect(await bench.rekey(first, third)).toContain('CERTIFICATE');
    expect(await bench.rekey(first, second)).toBe('successor_waits');
    expect(await bench.show(third)).toBe(200);
    await bench.close();
  });
});

describe('a third party’s CA', () => {
  it('signs the next key by the device’s own request for it, and renews that one later', async () => {
    const { bench: before, start } = await begin();
    const bound = await before.bound();
    await before.close({ keep: true });
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead };
    const peer = await EstCaPeer.start(join(before.folder, 'ca'), clock);
    const bench = await start({ estCa: peer.config, clock });
    const first = await again(bench, bound);
    const second = await bench.nextKey(first);
    expect(await bench.rekey(first, second)).toBe('wait');
    expect(await bench.rekey(first, await bench.nextKey(first))).toBe('successor_waits');
    const leaf = await vi.waitFor(async () => {
      const answer = await bench.rekey(first, second);
      expect(answer).toContain('CERTIFICATE');
      return answer;
    }, PATIENCE);
    expect(peer.signed).toEqual([leaf]);
    expect(await bench.show(second)).toBe(200);
    expect((await bench.certificates(first)).map(({ revokedAt }) => revokedAt !== null)).toEqual([
      false,
      true,
    ]);

    ahead = 27 * DAY;
    const renewed = await vi.waitFor(async () => {
      const answer = await second.est.ask('simplereenroll', { show: 'leaf.pem' });
      expect(answer.status).toBe(200);
      return answer.leaf;
    }, PATIENCE);
    expect(peer.signed).toEqual([leaf, renewed]);
    const key = new X509Certificate(renewed).publicKey.export({ type: 'spki', format: 'der' });
    expect(key).toEqual(Buffer.from(second.device.spki));
    await bench.close();
    await peer.close();
  });

  it('signs a key that another device asked for by the request of the one that it is bound to', async () => {
    const { bench: before, start } = await begin();
    const bound = await before.bound();
    await before.close({ keep: true });
    const peer = await EstCaPeer.start(join(before.folder, 'ca'), { now: () => Date.now() });
    const bench = await start({ estCa: peer.config });
    const second = await bench.nextKey(bound);
    expect(await bench.rekey(await again(bench, bound), second)).toBe('wait');
    const { keys } = second.device;
    const owner = await bench.server.listedDevice({ keys });
    const id = uuid7(Date.now(), nodeCrypto);
    const proof = { id, ...(await answerFor(id, owner, { by: bench.ines })) };
    const payload = registrationOf(owner, OAK_STREET, proof);
    await bench.ines.send([(await bench.ines.seal('registration+jws', payload, 'northfield')).jws]);
    const { udid } = owner;
    await vi.waitFor(
      async () =>
        expect(await bench.ines.outcome(id, 'northfield')).toMatchObject({ outcome: 'bound', udid }),
      PATIENCE,
    );
    await bench.close();
    await peer.close();
  });
});
