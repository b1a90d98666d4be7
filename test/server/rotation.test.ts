import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../contract/change.ts';
import { fromPem } from '../../core/pem.ts';
import { databaseOf } from '../support/database.ts';
import { issuerName } from '../support/issuer-name.ts';
import { fieldbind, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { signInAs } from '../support/server-operator.ts';
import { startProcess } from '../support/server-process.ts';

const DAY = 24 * 3_600_000;
/** Longer than a process goes by what it read of an organisation's CAs. */
const MOMENT = 6_000;
const NORTHFIELD = { name: 'northfield', training: false, again: false };

let data: string;
let server: TestServer;
let ahead = 0;
beforeEach(async () => {
  ahead = 0;
  data = mkdtempSync(join(tmpdir(), 'fieldbind-rotation-'));
  server = await startTestServer({ data, clock: { now: () => Date.now() + ahead } });
});
afterEach(async () => {
  await closeFaultless(server);
  rmSync(data, { recursive: true, force: true });
});

async function bind(): Promise<{
  device: TestDevice;
  change: Change;
  leaf: X509Certificate;
  chain: X509Certificate[];
}> {
  const device = await server.listedDevice();
  const ines = await server.signIn('ines');
  const change = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  const { leafPem = '', chainPem = '' } = change.certificate ?? {};
  return { device, change, leaf: new X509Certificate(leafPem), chain: read(chainPem) };
}

const read = (pem: string) => fromPem('CERTIFICATE', pem).map((der) => new X509Certificate(der));
const text = async (path: string) => (await fetch(`${server.url}${path}`)).text();
const bundle = async () => read(await text('/ca/northfield/bundle.pem'));
/** Its key, or the one beside it, signed this. */
const by = (certificate: X509Certificate | undefined, other: X509Certificate | undefined) =>
  certificate !== undefined && other !== undefined && certificate.verify(other.publicKey);
const rotate = () => server.fieldbind('ca', 'rotate', '--org', 'northfield');

describe('an issuing CA that is rotated beside a running server', () => {
  it('signs new certificates, and each anchor leads to both generations', async () => {
    const old = await bind();
    const [before] = await bundle();
    expect((await rotate()).out).toContain('northfield_2 issues now');
    ahead += MOMENT;
    const fresh = await bind();
    const [after, alsoBefore, newWithOld, oldWithNew, ...more] = await bundle();
    expect(more).toEqual([]);
    expect(alsoBefore?.fingerprint256).toBe(before?.fingerprint256);
    expect([by(old.leaf, before), by(fresh.leaf, after)]).toEqual([true, true]);
    expect([by(old.leaf, after), by(fresh.leaf, before)]).toEqual([false, false]);
    // From the old anchor over the new key to a new leaf, and the other way round.
    expect([by(newWithOld, before), by(fresh.leaf, newWithOld)]).toEqual([true, true]);
    expect([by(oldWithNew, after), by(old.leaf, oldWithNew)]).toEqual([true, true]);
    const [cross, above] = fresh.chain;
    expect(cross?.fingerprint256).toBe(newWithOld?.fingerprint256);
    expect(above?.issuer).toContain('root CA');
    expect(fresh.leaf.infoAccess).toContain('/ca/northfield_2.cer');
    expect(old.leaf.infoAccess).toContain('/ca/northfield.cer');
    expect(read(fresh.change.certificate?.leafPem ?? '')[0]?.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it('keeps a list for each key, and hands old certificates out as before', async () => {
    const { device, change } = await bind();
    await rotate();
    ahead += MOMENT;
    const sam = await server.signIn('sam');
    const said = (await sam.changes('northfield')).find(({ record }) => record === change.record);
    expect(said?.certificate?.leafPem).toBe(change.certificate?.leafPem);
    const { udid, maker } = device;
    await server.fieldbind('revoke', '--udid', udid, '--maker', maker, '--reason', 'keyCompromise');
    const { certificateStates } = server.running.installation.stores;
    expect(await certificateStates.revokedBy(issuerName('northfield'))).toHaveLength(1);
    expect(await certificateStates.revokedBy(issuerName('northfield_2'))).toHaveLength(0);
    for (const name of ['northfield', 'northfield_2'])
      expect((await fetch(`${server.url}/crl/${name}.crl`)).status).toBe(200);
    expect((await text('/ca/northfield/crls.pem')).match(/BEGIN X509 CRL/g)).toHaveLength(2);
    const pack = await sam.pack('northfield');
    expect(read(pack.bundlePem)).toHaveLength(2);
    expect(read(pack.domains[0]?.anchorPem ?? '')).toHaveLength(1);
  });

  it('lets go of the old anchor once none of its certificates can live', async () => {
    await rotate();
    expect(await bundle()).toHaveLength(4);
    const second = await rotate();
    expect([second.code, second.out]).toEqual([1, expect.stringContaining('a rotation is under way')]);
    ahead += 367 * DAY;
    expect(await bundle()).toHaveLength(1);
    expect((await text('/ca/northfield/crls.pem')).match(/BEGIN X509 CRL/g)).toHaveLength(1);
    const issuer = await server.running.installation.ca.issuer('northfield');
    expect(read(issuer?.chainPem ?? '').map(({ issuer: above }) => above)).toEqual([
      'O=Fieldbind\nCN=root CA',
    ]);
  });

  it('takes up the key that a crash left, and rotates once where two ask at once', async () => {
    const { installation } = server.running;
    // What is there when the process ends before its one transaction.
    await installation.ceremonies.request(NORTHFIELD);
    const left = await installation.vault.open('northfield_2');
    const both = await Promise.all([
      installation.ceremonies.rotate(NORTHFIELD),
      installation.ceremonies.rotate(NORTHFIELD),
    ]);
    // The later of the two finds either the same one or that it is done.
    const names = both.map((one) => (one.code === 'rotated' ? one.authority.name : one.code));
    expect(names).toContain('northfield_2');
    expect(['northfield_2', 'overlap']).toEqual(expect.arrayContaining(names));
    const generations = await installation.stores.authorities.ofOrg('northfield');
    expect(generations).toHaveLength(2);
    expect((await installation.vault.open('northfield_2'))?.spki).toEqual(left?.spki);
  });

  it('finishes with the old key what the old key had begun, though it was rotated over a crash', async () => {
    const device = await server.listedDevice();
    await server.close();
    const { child, url } = await startProcess(data, 'intended');
    const ines = await signInAs(url, 'ines');
    const payload = registrationOf(device, OAK_STREET);
    const { jws } = await ines.seal('registration+jws', payload, 'northfield');
    const ended = once(child, 'exit');
    await ines.send([jws]).catch(() => undefined);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(
      (await fieldbind(data, ['ca', 'rotate', '--org', 'northfield'], await databaseOf(data))).code,
    ).toBe(0);
    server = await startTestServer({ data });
    const sam = await server.signIn('sam');
    const change = await sam.outcome(payload.id, 'northfield');
    const [, before] = await bundle();
    expect(by(read(change?.certificate?.leafPem ?? '')[0], before)).toBe(true);
  });

  it('goes over to P-384 where that is asked for', async () => {
    await server.fieldbind('ca', 'rotate', '--org', 'northfield', '--curve', 'P-384');
    ahead += MOMENT;
    const { leaf } = await bind();
    const [anchor] = await bundle();
    expect(anchor?.publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1');
    expect(by(leaf, anchor)).toBe(true);
  });
});
