import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeDigest } from '../../core/place.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { EstDevice, serverPair } from '../support/est.ts';
import { openssl, run } from '../support/openssl.ts';
import { HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { answerFor } from '../support/server-fresh.ts';
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

const common = () => ({
  id: uuid7(Date.now(), nodeCrypto),
  app: '0.1.0',
  capturedAt: new Date().toISOString(),
});

/** Moves a device from Oak Street to the harbour, its key proved now. */
async function move(device: TestDevice) {
  const { id } = common();
  const from = { domain: OAK_STREET, place: await placeDigest({ domain: OAK_STREET }, nodeCrypto) };
  const payload = registrationOf(device, HARBOUR, {
    ...{ id, from },
    ...(await answerFor(id, device, { by: ines })),
  });
  return ines.submit('registration+jws', payload, 'northfield');
}

function takeBack({ udid }: TestDevice, of: string) {
  const payload = { ...common(), of, udid, reason: 'undone' };
  return ines.submit('void+jws', payload, 'northfield');
}

/** What OpenSSL's verifier says of a certificate by bundle and CRL as they are now. The files are put beside this device's. */
async function verifiedBy(est: EstDevice, leaf: string): Promise<string> {
  const fetched = async (path: string, name: string, form: 'DER' | 'PEM') => {
    await run('curl', ['--silent', '--fail', '--output', est.at('got'), `${server.url}${path}`]);
    const kind = form === 'DER' ? 'crl' : 'x509';
    await openssl(kind, '-inform', form, '-in', est.at('got'), '-out', est.at(name));
    return est.at(name);
  };
  const bundle = await fetched('/ca/northfield/bundle.pem', 'bundle.pem', 'PEM');
  const crl = await fetched('/crl/northfield.crl', 'crl.pem', 'DER');
  const trust = ['-CAfile', bundle, '-CRLfile', crl];
  return (await openssl('verify', '-x509_strict', '-crl_check', ...trust, leaf)).out;
}

/** What OpenSSL's OCSP client says of it, asked at the address that the certificate names. */
async function statusBy(est: EstDevice, leaf: string): Promise<string> {
  const { out } = await openssl('x509', '-in', leaf, '-noout', '-ocsp_uri');
  const bundle = est.at('bundle.pem');
  const answer = await openssl(
    ...['ocsp', '-issuer', bundle, '-CAfile', bundle, '-cert', leaf, '-url', out.trim()],
  );
  return answer.out;
}

const namesIn = async (leaf: string) =>
  (await openssl('x509', '-in', leaf, '-noout', '-ext', 'subjectAltName')).out;

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

    const verify = (leaf: string) => verifiedBy(next, leaf);
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

  it('gives a moved device the certificate for where it stands, by that for where it stood, and no verifier believes the old one once it is shown', async () => {
    const { device, est } = await bound();
    est.keep('leaf.pem', (await est.ask('simpleenroll')).leaf);
    expect((await est.ask('simpleenroll', { show: 'leaf.pem' })).status).toBe(200);
    expect((await statesOf(device.udid)).binding).toMatchObject({ state: 'shown' });
    expect(await move(device)).toMatchObject({ outcome: 'bound', code: 'moved' });
    const old = est.at('leaf.pem');
    // Far from due, and for the same key: it is the move that the device is told of.
    const renewed = await est.ask('simplereenroll', { show: 'leaf.pem' });
    expect(renewed.status).toBe(200);
    est.keep('moved.pem', renewed.leaf);
    const moved = est.at('moved.pem');
    expect(await namesIn(old)).toContain(`spiffe://${OAK_STREET}/device/${device.udid}`);
    expect(await namesIn(moved)).toContain(`spiffe://${HARBOUR}/device/${device.udid}`);
    expect(await namesIn(moved)).not.toContain(OAK_STREET);
    // Asking again by the old one gives the same, and ends nothing: it was not shown yet.
    expect(await est.ask('simplereenroll', { show: 'leaf.pem' })).toEqual(renewed);
    for (const leaf of [old, moved]) {
      expect(await verifiedBy(est, leaf)).toMatch(/: OK$/m);
      expect(await statusBy(est, leaf)).toContain(': good');
    }
    expect((await est.ask('simpleenroll', { show: 'moved.pem' })).status).toBe(200);
    expect((await statesOf(device.udid)).binding).toMatchObject({ state: 'shown', domain: HARBOUR });
    expect(await verifiedBy(est, old)).toContain('certificate revoked');
    expect(await statusBy(est, old)).toMatch(/: revoked[\s\S]*Reason: superseded/);
    expect(await verifiedBy(est, moved)).toMatch(/: OK$/m);
    expect(await statusBy(est, moved)).toContain(': good');
    expect(await est.ask('simplereenroll', { show: 'leaf.pem' })).toMatchObject({ status: 403 });
    expect(await est.ask('simplereenroll', { show: 'moved.pem' })).toEqual(renewed);
  });

  it('renews for where a device stands, though it was due before it was moved', async () => {
    const { device, est } = await bound();
    est.keep('leaf.pem', (await est.ask('simpleenroll')).leaf);
    await move(device);
    ahead = 300 * DAY;
    const renewed = await est.ask('simplereenroll', { show: 'leaf.pem' });
    est.keep('moved.pem', renewed.leaf);
    expect(await namesIn(est.at('moved.pem'))).toContain(`spiffe://${HARBOUR}/device/${device.udid}`);
    const again = await est.ask('simplereenroll', { show: 'moved.pem' });
    est.keep('again.pem', again.leaf);
    expect(again.leaf).not.toBe(renewed.leaf);
    expect(await namesIn(est.at('again.pem'))).toContain(`spiffe://${HARBOUR}/device/${device.udid}`);
    ahead = 0;
  });

  it('makes an undo come too late once the device has taken its certificate, used or not', async () => {
    const { device, est } = await bound();
    const registration = (await statesOf(device.udid)).binding?.registration ?? '';
    expect((await est.ask('simpleenroll')).status).toBe(200);
    expect((await statesOf(device.udid)).binding).toMatchObject({ state: 'issued' });
    expect(await takeBack(device, registration)).toMatchObject({ outcome: 'refused', code: 'undo_too_late' });
    const moved = await move(device);
    expect((await est.ask('simpleenroll')).status).toBe(200);
    expect(await takeBack(device, moved.record)).toMatchObject({ outcome: 'refused', code: 'undo_too_late' });
    // Taken back before the device asked, nothing is handed out.
    const early = await bound();
    const first = (await statesOf(early.device.udid)).binding?.registration ?? '';
    expect(await takeBack(early.device, first)).toMatchObject({ outcome: 'noted' });
    expect(await early.est.ask('simpleenroll')).toMatchObject({ status: 403 });
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
