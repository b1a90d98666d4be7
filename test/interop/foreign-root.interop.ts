import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../contract/change.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import { checkCertificate } from '../../src/pki/check-certificate.ts';
import { openssl, run } from '../support/openssl.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';

/** OpenSSL is the company: a root of its own, and one intermediate that it sells from. */
let folder: string;
let server: TestServer;
const at = (name: string) => join(folder, name);

async function made(...args: readonly string[]): Promise<void> {
  const { code, out } = await openssl(...args);
  if (code !== 0) throw new Error(out);
}

interface Wanted {
  readonly subject?: string;
  /** Lines of OpenSSL's extension section. */
  readonly extensions?: readonly string[];
  readonly days?: number;
  readonly digest?: string;
}

const CA = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'] as const;
const ISSUING = [
  'basicConstraints=critical,CA:TRUE,pathlen:0',
  'keyUsage=critical,keyCertSign,cRLSign',
] as const;

/** A CA's certificate for this request, signed by `by`. Gives its file. */
async function sign(
  request: string,
  by: string,
  { subject, extensions = ISSUING, days = 3650, digest = 'sha256' }: Wanted = {},
): Promise<string> {
  const to = at(`${crypto.randomUUID()}.pem`);
  writeFileSync(at('extensions'), `${extensions.join('\n')}\n`);
  await made(
    ...['x509', '-req', '-in', at(request), '-CA', at(`${by}.pem`), '-CAkey', at(`${by}.key`)],
    ...['-CAcreateserial', '-days', String(days), `-${digest}`, '-extfile', at('extensions'), '-out', to],
    ...(subject === undefined ? [] : ['-subj', subject]),
  );
  return to;
}

async function root(name: string, extensions: readonly string[] = CA, key = ['rsa:3072']): Promise<void> {
  await made(
    ...['req', '-x509', '-new', '-newkey', ...key, '-nodes', '-keyout', at(`${name}.key`), '-days', '7300'],
    ...['-subj', `/C=GB/O=Westside Energy plc/CN=${name}`, '-out', at(`${name}.pem`), '-sha256'],
    ...extensions.flatMap((one) => ['-addext', one]),
  );
}

async function intermediate(name: string, by: string, extensions: readonly string[] = CA): Promise<void> {
  await made(
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes'],
    ...[
      '-keyout',
      at(`${name}.key`),
      '-subj',
      `/O=Westside Energy plc/CN=${name}`,
      '-out',
      at(`${name}.csr`),
    ],
  );
  writeFileSync(at(`${name}.pem`), readFileSync(await sign(`${name}.csr`, by, { extensions })));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-foreign-'));
  server = await startTestServer();
  await root('company');
  await intermediate('shop', 'company');
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true, force: true });
});

/** The request of an organisation's next issuing CA, by name of its file. */
async function asked(org: string): Promise<string> {
  const name = `${org}-${crypto.randomUUID()}.csr`;
  const { code, out } = await server.fieldbind('ca', 'request', '--org', org, '--to', at(name), '--again');
  if (code !== 0) throw new Error(out);
  return name;
}

async function bringIn(org: string, ...files: readonly string[]) {
  writeFileSync(at('chain.pem'), files.map((file) => readFileSync(file, 'utf8')).join('\n'));
  return server.fieldbind('ca', 'import', '--org', org, '--from', at('chain.pem'));
}

async function get(path: string, to: string): Promise<void> {
  const answer = await fetch(`${server.url}${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  writeFileSync(at(to), await answer.bytes());
}

async function bind(): Promise<{ device: TestDevice; certificate: IssuedCertificate }> {
  const ines = await server.signIn('ines');
  const device = await server.listedDevice();
  const bound = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  return { device, certificate: bound.certificate as IssuedCertificate };
}

describe('an issuing CA under somebody else’s root', () => {
  it('is asked for, brought in with its chain in any order, and issues what everybody verifies', async () => {
    const issuing = await sign(await asked('northfield'), 'shop', {
      subject: '/O=Westside Energy plc/CN=Devices 1',
    });
    const taken = await bringIn('northfield', at('company.pem'), issuing, at('shop.pem'));
    expect(taken).toMatchObject({ code: 0, out: expect.stringContaining('northfield_2 issues now') });
    // Servers take it up within seconds; asked by its name it is there at once.
    const { installation } = server.running;
    await expect.poll(async () => (await installation.ca.issuer('northfield'))?.name).toBe('northfield_2');

    const { device, certificate } = await bind();
    writeFileSync(at('leaf.pem'), certificate.leafPem);
    writeFileSync(at('behind.pem'), certificate.chainPem);
    for (const name of ['bundle.pem', 'crls.pem', 'chain.pem'])
      await get(`/ca/northfield/${name}`, `get-${name}`);
    const crl = ['-crl_check', '-CRLfile', at('get-crls.pem'), '-x509_strict'];
    // By the company's root alone, with what the device sends; and by the organisation's bundle alone.
    const byRoot = await openssl(
      ...['verify', ...crl, '-CAfile', at('company.pem'), '-untrusted', at('behind.pem'), at('leaf.pem')],
    );
    expect(byRoot.out).toContain('leaf.pem: OK');
    const byBundle = await openssl('verify', ...crl, '-CAfile', at('get-bundle.pem'), at('leaf.pem'));
    expect(byBundle.out).toContain('leaf.pem: OK');
    expect(certificate.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    // What is published for those who trust the root leads there too, and the certificate names where its issuer lies.
    const byChain = await openssl(
      ...['verify', '-CAfile', at('company.pem'), '-untrusted', at('get-chain.pem'), at('leaf.pem')],
    );
    expect(byChain.out).toContain('leaf.pem: OK');
    const text = (await openssl('x509', '-in', at('leaf.pem'), '-noout', '-text')).out;
    expect(text).toMatch(/Issuer: O = Westside Energy plc, CN = Devices 1/);
    expect(text).toMatch(/CA Issuers - URI:.*\/ca\/northfield_2\.cer/);
    await get('/ca/northfield_2.cer', 'issuer.cer');
    expect((await run('cmp', [at('issuer.cer'), await derOf(issuing)])).code).toBe(0);
    // A bundle makes nobody trust the company's other CAs.
    const other = await openssl('verify', '-CAfile', at('get-bundle.pem'), at('shop.pem'));
    expect(other.code).not.toBe(0);

    // OCSP and the command's five checks.
    await made('x509', '-inform', 'DER', '-in', at('issuer.cer'), '-out', at('issuer.pem'));
    const ocsp = await openssl(
      ...['ocsp', '-issuer', at('issuer.pem'), '-cert', at('leaf.pem'), '-url', `${server.url}/ocsp`],
      ...['-CAfile', at('get-bundle.pem'), '-no_nonce'],
    );
    expect(ocsp.out).toMatch(/leaf\.pem: good/);
    const verified = () =>
      server.fieldbind(
        ...['verify', at('leaf.pem'), '--bundle', at('get-bundle.pem')],
        ...['--crl', at('get-crls.pem'), '--domain', OAK_STREET],
      );
    expect(await verified()).toMatchObject({ code: 0 });
    // A phone, by what stands in its pack.
    const pack = await (await server.signIn('ines')).pack('northfield');
    const found = await checkCertificate(certificate, {
      bundlePem: pack.bundlePem,
      crl: fromBase64Url(pack.crl) ?? new Uint8Array(),
      deviceKey: device.spki,
      udid: device.udid,
      domain: OAK_STREET,
      now: Date.now(),
    });
    expect(found).toBeNull();

    // What it issued is revoked by us.
    const words = [
      'revoke',
      '--udid',
      device.udid,
      '--maker',
      'acme',
      '--reason',
      'keyCompromise',
      '--by',
      'sam',
    ];
    expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
    await get('/ca/northfield/crls.pem', 'get-crls.pem');
    const revoked = await openssl(
      ...['verify', ...crl, '-CAfile', at('company.pem'), '-untrusted', at('behind.pem'), at('leaf.pem')],
    );
    expect(revoked.out).toContain('certificate revoked');
    expect(await verified()).toMatchObject({ code: 1 });
  });

  it('is followed by one from the same place only, and keeps its name over it', async () => {
    const rotated = await server.fieldbind('ca', 'rotate', '--org', 'northfield', '--again');
    expect(rotated).toMatchObject({ code: 2, out: expect.stringContaining('ca request') });
    const next = await sign(await asked('northfield'), 'company', {
      subject: '/O=Westside Energy plc/CN=Devices 1',
    });
    expect(await bringIn('northfield', next, at('company.pem'))).toMatchObject({ code: 0 });
    await expect
      .poll(async () => (await server.running.installation.ca.issuer('northfield'))?.name)
      .toBe('northfield_3');
    const { certificate } = await bind();
    writeFileSync(at('leaf.pem'), certificate.leafPem);
    writeFileSync(at('behind.pem'), certificate.chainPem);
    await get('/ca/northfield/bundle.pem', 'get-bundle.pem');
    // The bundle of before holds the older anchor alone, and the device leads over the cross certificate to it.
    for (const trust of ['company.pem', 'get-bundle.pem']) {
      const { out } = await openssl(
        ...['verify', '-CAfile', at(trust), '-untrusted', at('behind.pem'), at('leaf.pem')],
      );
      expect(out).toContain('leaf.pem: OK');
    }
  });

  it('stands for a new organisation as for one that is there', async () => {
    const name = await asked('west');
    const issuing = await sign(name, 'company');
    expect(await bringIn('west', issuing, at('company.pem'))).toMatchObject({ code: 0 });
    expect(await server.fieldbind('org', 'create', 'west', '--title', 'West')).toMatchObject({ code: 0 });
    const authority = await server.running.installation.stores.authorities.authority('west');
    expect(authority).toMatchObject({ root: '@foreign' });
    expect(authority?.above).toHaveLength(1);
  });
});

async function derOf(pem: string): Promise<string> {
  await made('x509', '-in', pem, '-outform', 'DER', '-out', `${pem}.der`);
  return `${pem}.der`;
}

describe('a chain that is not good', () => {
  const [ca, usage] = ISSUING;
  it.each<[string, Wanted, string]>([
    ['no CA', { extensions: ['basicConstraints=critical,CA:FALSE', usage] }, 'is not a CA’s'],
    [
      'no signature on certificates',
      { extensions: [ca, 'keyUsage=critical,cRLSign'] },
      'may not sign certificates',
    ],
    ['no signature on CRLs', { extensions: [ca, 'keyUsage=critical,keyCertSign'] }, 'may not sign CRLs'],
    ['servers only', { extensions: [ca, usage, 'extendedKeyUsage=serverAuth'] }, 'is for no clients'],
    [
      'other domains',
      { extensions: [ca, usage, 'nameConstraints=critical,permitted;DNS:example.org'] },
      'name constraints',
    ],
    [
      'other hosts',
      { extensions: [ca, usage, 'nameConstraints=critical,permitted;URI:.example.org'] },
      'name constraints',
    ],
    [
      'all but these domains',
      { extensions: [ca, usage, 'nameConstraints=critical,excluded;DNS:fieldbind.internal'] },
      'name constraints',
    ],
    [
      'an unknown critical extension',
      { extensions: [ca, usage, '1.2.3.4=critical,ASN1:NULL'] },
      'critical extension',
    ],
    ['SHA-1', { digest: 'sha1' }, 'MD5 or SHA-1'],
  ])('is not taken: %s', async (_, wanted, words) => {
    const refused = await bringIn(
      'northfield',
      await sign(await asked('northfield'), 'company', wanted),
      at('company.pem'),
    );
    expect(refused).toMatchObject({ code: 2, out: expect.stringContaining(words) });
  });

  it('is taken with name constraints that let its domains be named', async () => {
    const constraints =
      'nameConstraints=critical,permitted;DNS:fieldbind.internal,permitted;URI:.fieldbind.internal';
    const name = await asked('hanna-home');
    const issuing = await sign(name, 'company', { extensions: [ca, usage, constraints] });
    expect(await bringIn('hanna-home', issuing, at('company.pem'))).toMatchObject({ code: 0 });
    // A domain that is made later is held to them too; it would be bound to certificates that nobody verifies.
    const outside = await server.fieldbind('domain', 'create', 'hanna.example.org', '--org', 'hanna-home');
    expect(outside).toMatchObject({ code: 1, out: expect.stringContaining('name constraints') });
    const inside = await server.fieldbind(
      'domain',
      'create',
      'barn.hanna.fieldbind.internal',
      '--org',
      'hanna-home',
    );
    expect(inside).toMatchObject({ code: 0 });
  });

  it('is not taken below a CA that lets none stand there, one that has ended, or by a gap', async () => {
    await root('narrow', ['basicConstraints=critical,CA:TRUE,pathlen:0', usage]);
    const name = await asked('northfield');
    expect(await bringIn('northfield', await sign(name, 'narrow'), at('narrow.pem'))).toMatchObject({
      code: 2,
      out: expect.stringContaining('path length'),
    });
    const byShop = await sign(name, 'shop');
    for (const [files, words] of [
      [[byShop, at('company.pem')], 'every certificate above it'],
      [[byShop, at('shop.pem')], 'every certificate above it'],
      [[byShop, at('shop.pem'), at('company.pem'), at('narrow.pem')], 'not above it'],
      [[at('shop.pem'), at('company.pem')], 'another key'],
    ] as const)
      expect(await bringIn('northfield', ...files)).toMatchObject({
        code: 2,
        out: expect.stringContaining(words),
      });
    // A root of the same name and another key is not the one that signed.
    await root('company2');
    writeFileSync(at('false.pem'), readFileSync(at('company.pem')));
    await made(
      ...['req', '-x509', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', at('false.key'), '-days', '9'],
      ...['-subj', '/C=GB/O=Westside Energy plc/CN=company', '-out', at('false.pem')],
    );
    expect((await bringIn('northfield', await sign(name, 'company'), at('false.pem'))).code).toBe(2);
    const training = await bringIn(
      'training',
      await sign(await asked('training'), 'company'),
      at('company.pem'),
    );
    expect(training).toMatchObject({ code: 2, out: expect.stringContaining('training') });
  });
});
