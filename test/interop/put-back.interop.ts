import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EstDevice, serverPair } from '../support/est.ts';
import { openssl, run } from '../support/openssl.ts';
import { type PutBack, startPutBack } from '../support/put-back.ts';
import { OAK_STREET } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';

const DAY = 24 * 3_600_000;

let folder: string;
let there: PutBack;
let ahead = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-put-back-est-'));
  const est = { ...(await serverPair(folder)), port: 0, host: '127.0.0.1' };
  there = await startPutBack({ est, clock: { now: () => Date.now() + ahead } });
});
afterAll(async () => {
  await there.close();
  rmSync(folder, { recursive: true });
});

it('a device that renewed after the copy goes on with what it has, and OpenSSL finds what is revoked of the rest', async () => {
  const ines = await there.server.signIn('ines');
  const [device, gone] = [await there.server.listedDevice(), await there.server.listedDevice()];
  await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  const client = (of: typeof device) =>
    new EstDevice(there.server.running.estUrl ?? '', folder, of).prepare();
  const first = await client(device);
  first.keep('leaf.pem', (await first.ask('simpleenroll')).leaf);
  await there.copy();

  ahead = 300 * DAY;
  const renewed = await first.ask('simplereenroll', { show: 'leaf.pem' });
  expect(renewed.status).toBe(200);
  first.keep('new.pem', renewed.leaf);
  await first.ask('simpleenroll', { show: 'new.pem' });
  const again = await there.server.signIn('ines');
  const capturedAt = new Date(Date.now() + ahead).toISOString();
  const registration = registrationOf(gone, OAK_STREET, { capturedAt });
  const bound = await again.submit('registration+jws', registration, 'northfield');
  first.keep('gone.pem', bound.certificate?.leafPem ?? '');

  const server = await there.putBack();
  const put = await client(device);
  put.keep('new.pem', renewed.leaf);
  expect(await put.ask('simplereenroll', { show: 'new.pem' })).toEqual(renewed);
  const { stores } = server.running.installation;
  const binding = await stores.liveBindings.byName(device.maker, device.udid);
  expect(await stores.certificates.ofBinding(binding?.id ?? '')).toHaveLength(2);

  // Its record has not come back: the device waits, and is not sent away.
  const other = await client(gone);
  other.keep('leaf.pem', bound.certificate?.leafPem ?? '');
  expect(await other.ask('simplereenroll', { show: 'leaf.pem' })).toMatchObject({ status: 202 });

  const call = ['revoke', '--certificate', other.at('leaf.pem'), '--reason', 'keyCompromise', '--by', 'ada'];
  expect(await server.fieldbind(...call)).toMatchObject({ code: 0 });
  const [bundle, der, crl] = ['bundle.pem', 'crl.der', 'crl.pem'].map((name) => join(folder, name));
  await run('curl', ['--silent', '--output', bundle ?? '', `${server.url}/ca/northfield/bundle.pem`]);
  await run('curl', ['--silent', '--output', der ?? '', `${server.url}/crl/northfield.crl`]);
  await openssl('crl', '-inform', 'DER', '-in', der ?? '', '-out', crl ?? '');
  const verify = (leaf: string) =>
    openssl(
      'verify',
      '-attime',
      String(Math.floor((Date.now() + ahead) / 1000)),
      '-CAfile',
      bundle ?? '',
      '-crl_check',
      '-CRLfile',
      crl ?? '',
      leaf,
    );
  expect((await verify(other.at('leaf.pem'))).out).toContain('revoked');
  expect((await verify(put.at('new.pem'))).out).toContain('OK');
  expect(server.faults).toEqual([]);
});
