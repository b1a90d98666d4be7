import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EstDevice, serverPair } from '../support/est.ts';
import { openssl, run } from '../support/openssl.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
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
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

const url = () => server.running.estUrl ?? '';
const client = (device: TestDevice) => new EstDevice(url(), folder, device).prepare();
const statesOf = async (udid: string) => {
  const { stores } = server.running.installation;
  const [binding] = await stores.bindingHistory.ofUdid(udid);
  const certificates = binding === undefined ? [] : await stores.certificates.ofBinding(binding.id);
  return { binding, revoked: certificates.map(({ revokedAt }) => revokedAt !== null) };
};

async function bound(anchor: 'key' | 'udid-only' = 'key'): Promise<{ device: TestDevice; est: EstDevice }> {
  const device = await server.listedDevice({ row: { anchor } });
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

  it('re-keys by OpenSSL’s own request, which OpenSSL’s verifier and the CRL then follow', async () => {
    const policy = ['--org', 'northfield', '--rekey', 'allow', '--by', 'sam'];
    expect(await server.fieldbind('policy', 'set', ...policy)).toMatchObject({ code: 0 });
    const { device, est } = await bound();
    est.keep('leaf.pem', (await est.ask('simpleenroll')).leaf);
    await est.ask('simpleenroll', { show: 'leaf.pem' });

    // Subject and names as the certificate in use has them (RFC 7030 section 4.2.2).
    const next = await new EstDevice(url(), folder, device, `${device.udid}.next`).prepare();
    const names = `subjectAltName=URI:spiffe://${OAK_STREET}/device/${device.udid},DNS:${device.udid}.d.${OAK_STREET}`;
    const made = await openssl(
      ...[
        'req',
        '-new',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-384',
        '-sha384',
        '-nodes',
        '-utf8',
      ],
      ...['-subj', `/O=${OAK_STREET}/CN=${device.udid}`, '-addext', names],
      ...['-keyout', next.at('key'), '-out', next.at('csr.pem')],
    );
    expect(made.code).toBe(0);
    const request = readFileSync(next.at('csr.pem'), 'utf8').replace(/-----[^-]*-----/g, '');
    next.keep('csr', request);
    const rekeyed = await est.ask('simplereenroll', { show: 'leaf.pem', request: next.at('csr') });
    expect(rekeyed.status).toBe(200);
    next.keep('leaf.pem', rekeyed.leaf);

    const fetched = async (path: string, name: string, form: 'DER' | 'PEM') => {
      await run('curl', ['--silent', '--fail', '--output', next.at('got'), `${server.url}${path}`]);
      const kind = form === 'DER' ? 'crl' : 'x509';
      await openssl(kind, '-inform', form, '-in', next.at('got'), '-out', next.at(name));
      return next.at(name);
    };
    const verify = async (leaf: string) => {
      const bundle = await fetched('/ca/northfield/bundle.pem', 'bundle.pem', 'PEM');
      const crl = await fetched('/crl/northfield.crl', 'crl.pem', 'DER');
      const trust = ['-CAfile', bundle, '-CRLfile', crl];
      return (await openssl('verify', '-x509_strict', '-crl_check', ...trust, leaf)).out;
    };
    for (const leaf of [est.at('leaf.pem'), next.at('leaf.pem')])
      expect(await verify(leaf)).toMatch(/: OK$/m);
    const keyOf = async (...from: string[]) => (await openssl(...from, '-pubout')).out;
    const subject = await openssl('x509', '-in', next.at('leaf.pem'), '-noout', '-pubkey');
    expect(subject.out).toContain((await keyOf('pkey', '-in', next.at('key'))).trim());

    expect((await next.ask('simpleenroll', { show: 'leaf.pem' })).status).toBe(200);
    expect(await verify(est.at('leaf.pem'))).toContain('certificate revoked');
    expect(await verify(next.at('leaf.pem'))).toMatch(/: OK$/m);
    expect(await est.ask('simplereenroll', { show: 'leaf.pem' })).toMatchObject({ status: 403 });
    expect((await statesOf(device.udid)).revoked).toEqual([false, true]);
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
