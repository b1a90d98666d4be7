import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EstDevice, serverPair } from '../support/est.ts';
import { openssl, run } from '../support/openssl.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import type { TestOperator } from '../support/server-operator.ts';

const DAY = 24 * 3_600_000;

let folder: string;
let server: TestServer;
let ines: TestOperator;
let ahead = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-est-'));
  const pair = await serverPair(folder);
  server = await startTestServer({
    est: { ...pair, port: 0, host: '127.0.0.1' },
    clock: { now: () => Date.now() + ahead },
  });
  ines = await server.signIn('ines');
});
afterAll(async () => {
  expect(server.faults).toEqual([]);
  await server.close();
  rmSync(folder, { recursive: true });
});

const url = () => server.running.estUrl ?? '';
const client = (device: TestDevice) => new EstDevice(url(), folder, device).prepare();
const statesOf = async (udid: string) => {
  const { stores } = server.running.installation;
  const [binding] = await stores.bindings.everByUdid(udid);
  const certificates = binding === undefined ? [] : await stores.certificates.ofBinding(binding.id);
  return { binding, revoked: certificates.map(({ revokedAt }) => revokedAt !== null) };
};

async function bound(anchor: 'key' | 'udid-only' = 'key'): Promise<{ device: TestDevice; est: EstDevice }> {
  const device = await makeDevice();
  await server.importList('northfield', [rowOf(device, { anchor })]);
  await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  return { device, est: await client(device) };
}

describe('EST by curl', () => {
  it('gives the CA of an organisation, that OpenSSL reads, and what a request should be', async () => {
    const { est } = await bound();
    const trusted = ['--silent', '--fail', '--cacert', join(folder, 'est.pem')];
    const cacerts = await run('curl', [
      ...[...trusted, '--output', est.at('answer')],
      `${url()}/.well-known/est/northfield/cacerts`,
    ]);
    expect(cacerts.code).toBe(0);
    expect(await est.certificate()).toBe(
      await (await fetch(`${server.url}/ca/northfield/bundle.pem`)).text(),
    );
    const attributes = await run('curl', [...trusted, `${url()}/.well-known/est/csrattrs`]);
    expect(attributes.out).toBe('MAoGCCqGSM49BAMC');
    for (const name of ['root', 'nobody']) {
      const other = await run('curl', [...trusted, `${url()}/.well-known/est/${name}/cacerts`]);
      expect(other.code).toBe(22);
    }
  });

  it('enrols a bound device, gives the same certificate again, and counts it as its own contact', async () => {
    const { device, est } = await bound();
    expect((await statesOf(device.udid)).binding).toMatchObject({ unproven: true, state: 'issued' });
    const first = await est.ask('simpleenroll');
    expect(first.status).toBe(200);
    expect(await est.ask('simpleenroll')).toEqual(first);
    expect((await statesOf(device.udid)).binding).toMatchObject({ unproven: false, state: 'issued' });
    est.keep('leaf.pem', first.leaf);
    const bundle = join(folder, 'northfield.pem');
    await run('curl', ['--silent', '--output', bundle, `${server.url}/ca/northfield/bundle.pem`]);
    const verified = await openssl('verify', '-x509_strict', '-CAfile', bundle, est.at('leaf.pem'));
    expect(verified.out).toContain('OK');
    expect(await est.ask('simpleenroll', { show: 'leaf.pem' })).toEqual(first);
    expect((await statesOf(device.udid)).binding).toMatchObject({ unproven: false, state: 'shown' });
  });

  it('lets a held device wait, and binds nothing by itself', async () => {
    const { est } = await bound('udid-only');
    expect(await est.ask('simpleenroll')).toMatchObject({ status: 202, retryAfter: '3600' });
    const stranger = await client(await makeDevice());
    expect(await stranger.ask('simpleenroll')).toMatchObject({ status: 403 });
  });

  it('refuses another key than the connection’s, no certificate, and what is no request', async () => {
    const { est } = await bound();
    const other = await bound();
    expect(await est.ask('simpleenroll', { request: other.est.at('csr') })).toMatchObject({ status: 403 });
    expect(await est.ask('simpleenroll', { show: '' })).toMatchObject({ status: 401 });
    expect(await est.ask('simpleenroll', { request: est.at('key') })).toMatchObject({ status: 400 });
    const broken = Buffer.from(readFileSync(est.at('csr'), 'utf8'), 'base64');
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    est.keep('broken', broken.toString('base64'));
    expect(await est.ask('simpleenroll', { request: est.at('broken') })).toMatchObject({ status: 400 });
    expect(await est.ask('simplereenroll')).toMatchObject({ status: 403 });
  });

  it('renews when it is due, keeps both until the new one is shown, then retires the old one', async () => {
    const { device, est } = await bound();
    const { leaf } = await est.ask('simpleenroll');
    est.keep('leaf.pem', leaf);
    const early = await est.ask('simplereenroll', { show: 'leaf.pem' });
    expect(early).toMatchObject({ status: 200, leaf });
    ahead = 300 * DAY;
    const renewed = await est.ask('simplereenroll', { show: 'leaf.pem' });
    expect(renewed.status).toBe(200);
    expect(renewed.leaf).not.toBe(leaf);
    expect(await est.ask('simplereenroll', { show: 'leaf.pem' })).toEqual(renewed);
    expect((await statesOf(device.udid)).revoked).toEqual([false, false]);
    est.keep('new.pem', renewed.leaf);
    expect(await est.ask('simpleenroll', { show: 'new.pem' })).toMatchObject({ status: 200 });
    expect((await statesOf(device.udid)).revoked).toEqual([false, true]);
    expect(await est.ask('simplereenroll', { show: 'leaf.pem' })).toMatchObject({ status: 403 });
    ahead = 0;
  });

  it('gives nothing to a device that was revoked', async () => {
    const { device, est } = await bound();
    est.keep('leaf.pem', (await est.ask('simpleenroll')).leaf);
    const { maker, udid } = device;
    await server.fieldbind('revoke', '--udid', udid, '--maker', maker, '--reason', 'keyCompromise');
    expect(await est.ask('simpleenroll')).toMatchObject({ status: 403 });
    expect(await est.ask('simplereenroll', { show: 'leaf.pem' })).toMatchObject({ status: 403 });
  });

  it('hands a decided certificate to clients that send their request in a header', async () => {
    const { device, est } = await bound();
    const ask = (csr: string) =>
      run('curl', [
        ...['--silent', '--cacert', join(folder, 'est.pem'), '--request', 'POST'],
        ...['--header', `device-csr: ${csr}`, '--write-out', '%{http_code}', `${url()}/new`],
      ]);
    const given = await ask(Buffer.from(device.csr).toString('base64'));
    const { leaf } = await est.ask('simpleenroll');
    expect(given.out).toBe(`${leaf}200`);
    expect((await ask(Buffer.from((await makeDevice()).csr).toString('base64'))).out).toMatch(/403$/);
    expect((await ask('null')).out).toMatch(/400$/);
  });

  it('resumes no session', async () => {
    const { est } = await bound();
    const session = est.at('session');
    const connect = (...more: string[]) =>
      run('sh', [
        '-c',
        'echo | openssl s_client "$@"',
        'sh',
        ...['-connect', url().replace('https://', ''), '-CAfile', join(folder, 'est.pem')],
        ...['-cert', est.at('self.pem'), '-key', est.at('key'), '-tls1_2', ...more],
      ]);
    await connect('-sess_out', session);
    const again = await connect('-sess_in', session);
    expect(again.out).toContain('New, TLSv1.2');
    expect(again.out).not.toContain('Reused');
  });
});
