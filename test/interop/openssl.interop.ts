import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../contract/change.ts';
import { openssl, run } from '../support/openssl.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';

let folder: string;
let server: TestServer;
const at = (name: string) => join(folder, name);
const udids: Record<string, string> = {};

/** Binds a device and writes its leaf and chain beside the other files. */
async function issue(name: string, operator: string, org: string, domain: string): Promise<void> {
  const device = await server.listedDevice({ org });
  const phone = await server.signIn(operator);
  const change = await phone.submit('registration+jws', registrationOf(device, domain), org);
  const { leafPem, chainPem } = change.certificate as IssuedCertificate;
  writeFileSync(at(`${name}.pem`), leafPem);
  writeFileSync(at(`${name}-chain.pem`), chainPem);
  udids[name] = device.udid;
}

async function curl(url: string, file: string): Promise<void> {
  const { code, out } = await run('curl', ['--silent', '--show-error', '--fail', '--output', at(file), url]);
  if (code !== 0) throw new Error(`curl: ${out}`);
}

/** Fetches the CRL that a certificate itself names. */
async function fetchCrlOf(name: string, file: string): Promise<void> {
  const { out } = await openssl('x509', '-in', at(`${name}.pem`), '-noout', '-ext', 'crlDistributionPoints');
  await curl(/URI:(\S+)/.exec(out)?.[1] ?? 'none', `${file}.der`);
  const converted = await openssl('crl', '-inform', 'DER', '-in', at(`${file}.der`), '-out', at(file));
  if (converted.code !== 0) throw new Error(converted.out);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-openssl-'));
  server = await startTestServer();
  await issue('oak', 'ines', 'northfield', OAK_STREET);
  await issue('hanna', 'hanna', 'hanna-home', HANNA);
  await curl(`${server.url}/ca/root.cer`, 'root.der');
  await openssl('x509', '-inform', 'DER', '-in', at('root.der'), '-out', at('root.pem'));
  await curl(`${server.url}/ca/northfield/bundle.pem`, 'bundle.pem');
  await fetchCrlOf('oak', 'crl.pem');
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const STRICT = ['verify', '-x509_strict', '-crl_check'];
const chainArguments = (name: string) => [
  ...['-CAfile', at('root.pem'), '-untrusted', at(`${name}-chain.pem`)],
  ...['-CRLfile', at('crl.pem'), at(`${name}.pem`)],
];
const bundleArguments = (name: string) => [
  '-CAfile',
  at('bundle.pem'),
  '-CRLfile',
  at('crl.pem'),
  at(`${name}.pem`),
];

describe('openssl', () => {
  it('verifies leaf, issuing CA and root, with the CRL from the certificate’s own address', async () => {
    const { code, out } = await openssl(...STRICT, '-purpose', 'sslclient', ...chainArguments('oak'));
    expect([code, out]).toEqual([0, `${at('oak.pem')}: OK\n`]);
  });

  it('verifies with nothing but the organisation’s bundle, with and without the chain sent along', async () => {
    expect((await openssl(...STRICT, '-purpose', 'sslserver', ...bundleArguments('oak'))).code).toBe(0);
    const sent = ['-untrusted', at('oak-chain.pem')];
    expect((await openssl(...STRICT, ...sent, ...bundleArguments('oak'))).code).toBe(0);
  });

  it('refuses another organisation’s device under our bundle, though one root signed both', async () => {
    const { code, out } = await openssl(
      'verify',
      '-untrusted',
      at('hanna-chain.pem'),
      ...bundleArguments('hanna'),
    );
    expect(code).not.toBe(0);
    expect(out).toContain('unable to get');
    const root = ['-CAfile', at('root.pem'), '-untrusted', at('hanna-chain.pem')];
    expect((await openssl('verify', ...root, at('hanna.pem'))).code).toBe(0);
  });

  it('prints the subject brokers use as a user name, and both SANs', async () => {
    const print = (...what: string[]) => openssl('x509', '-in', at('oak.pem'), '-noout', ...what);
    const subject = await print('-subject', '-nameopt', 'RFC2253');
    expect(subject.out).toBe(`subject=CN=${udids.oak},O=${OAK_STREET}\n`);
    const names = await print('-ext', 'subjectAltName');
    expect(names.out).toContain(`URI:spiffe://${OAK_STREET}/device/${udids.oak}`);
    expect(names.out).toContain(`DNS:${udids.oak}.d.${OAK_STREET}`);
  });

  it('finds a well-formed CRL, signed by the bundle’s key', async () => {
    const { out } = await openssl(
      'crl',
      '-in',
      at('crl.pem'),
      '-CAfile',
      at('bundle.pem'),
      '-noout',
      '-text',
    );
    expect(out).toContain('verify OK');
    expect(out).toContain('X509v3 CRL Number');
  });

  it('refuses the device once it is revoked', async () => {
    const udid = udids.oak ?? '';
    const { code } = await server.fieldbind(
      'revoke',
      '--udid',
      udid,
      '--maker',
      'acme',
      '--reason',
      'keyCompromise',
    );
    expect(code).toBe(0);
    await fetchCrlOf('oak', 'crl.pem');
    for (const args of [chainArguments('oak'), bundleArguments('oak')]) {
      const verified = await openssl(...STRICT, ...args);
      expect(verified.code).not.toBe(0);
      expect(verified.out).toContain('certificate revoked');
    }
  });
});
