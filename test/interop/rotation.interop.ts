import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromPem, toPem } from '../../core/pem.ts';
import { EstDevice, serverPair } from '../support/est.ts';
import { openssl, run } from '../support/openssl.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';

const DAY = 24 * 3_600_000;

let folder: string;
let server: TestServer;
/** Behind at first, so that what is signed after a leap is not of the future to OpenSSL. */
let ahead = -10_000;
const at = (name: string) => join(folder, name);
const devices: Record<string, TestDevice> = {};

/** Binds a device and writes its leaf and chain. */
async function issue(name: string): Promise<void> {
  const device = await server.listedDevice();
  devices[name] = device;
  const ines = await server.signIn('ines');
  const change = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  writeFileSync(at(`${name}.pem`), change.certificate?.leafPem ?? '');
  writeFileSync(at(`${name}-chain.pem`), change.certificate?.chainPem ?? '');
}

async function fetched(path: string, file: string): Promise<string> {
  const text = await (await fetch(`${server.url}${path}`)).text();
  writeFileSync(at(file), text);
  return text;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-rotated-'));
  const pair = await serverPair(folder);
  server = await startTestServer({
    est: { ...pair, port: 0, host: '127.0.0.1' },
    clock: { now: () => Date.now() + ahead },
  });
  await issue('old');
  await fetched('/ca/northfield/bundle.pem', 'old-anchor.pem');
  const { code } = await server.fieldbind('ca', 'rotate', '--org', 'northfield');
  expect(code).toBe(0);
  ahead += 6_000;
  await issue('new');
  const blocks = fromPem('CERTIFICATE', await fetched('/ca/northfield/bundle.pem', 'bundle.pem'));
  const [newest, , , oldWithNew] = blocks.map((der) => toPem('CERTIFICATE', der));
  writeFileSync(at('new-anchor.pem'), newest ?? '');
  writeFileSync(at('old-with-new.pem'), oldWithNew ?? '');
  await fetched('/ca/northfield/crls.pem', 'crls.pem');
  const root = await fetch(`${server.url}/ca/root.cer`);
  writeFileSync(at('root.pem'), toPem('CERTIFICATE', new Uint8Array(await root.arrayBuffer())));
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

/** Whether OpenSSL accepts a leaf with these anchors, these certificates sent along, and the lists of both keys. */
async function verify(leaf: string, anchors: string, along?: string): Promise<string> {
  const sent = along === undefined ? [] : ['-untrusted', at(along)];
  const lists = ['-crl_check', '-CRLfile', at('crls.pem')];
  const { out } = await openssl(
    ...['verify', '-x509_strict', '-purpose', 'sslclient', ...lists],
    ...['-CAfile', at(anchors), ...sent, at(leaf)],
  );
  return out.replaceAll(`${folder}/`, '');
}

describe('OpenSSL over a rotation', () => {
  it('knowing only the old anchor, accepts a new leaf by the chain that its device sends', async () => {
    expect(await verify('new.pem', 'old-anchor.pem', 'new-chain.pem')).toBe('new.pem: OK\n');
    expect(await verify('new.pem', 'old-anchor.pem')).toContain('verification failed');
    expect(await verify('old.pem', 'old-anchor.pem', 'old-chain.pem')).toBe('old.pem: OK\n');
  });

  it('knowing only the new anchor, accepts an old leaf by the cross certificate in the bundle', async () => {
    expect(await verify('old.pem', 'new-anchor.pem', 'old-with-new.pem')).toBe('old.pem: OK\n');
    expect(await verify('old.pem', 'new-anchor.pem')).toContain('verification failed');
    expect(await verify('new.pem', 'new-anchor.pem', 'new-chain.pem')).toBe('new.pem: OK\n');
  });

  it('with the published bundle, and with the root, accepts both', async () => {
    for (const name of ['old', 'new']) {
      expect(await verify(`${name}.pem`, 'bundle.pem')).toBe(`${name}.pem: OK\n`);
      expect(await verify(`${name}.pem`, 'root.pem', `${name}-chain.pem`)).toBe(`${name}.pem: OK\n`);
    }
  });

  it('is answered by OCSP for each key, by its own signer', async () => {
    for (const [name, issuer] of [
      ['old', 'old-anchor.pem'],
      ['new', 'new-anchor.pem'],
    ] as const) {
      const { out } = await openssl(
        ...['ocsp', '-issuer', at(issuer), '-CAfile', at(issuer), '-cert', at(`${name}.pem`)],
        ...['-url', `${server.url}/ocsp`],
      );
      expect(out).toContain('Response verify OK');
      expect(out).toMatch(new RegExp(`${name}\\.pem: good`));
    }
  });

  it('is given by EST all that leads over (RFC 7030, section 4.1.3)', async () => {
    const device = devices.old as TestDevice;
    const est = await new EstDevice(server.running.estUrl ?? '', folder, device).prepare();
    await run('curl', [
      ...['--silent', '--fail', '--cacert', join(folder, 'est.pem'), '--output', est.at('answer')],
      `${server.running.estUrl}/.well-known/est/northfield/cacerts`,
    ]);
    const text = await run('sh', [
      '-c',
      'openssl base64 -d -in "$1" | openssl pkcs7 -inform DER -print_certs -noout',
      'sh',
      est.at('answer'),
    ]);
    expect(text.out.match(/subject=O = Fieldbind, CN = northfield CA/g)).toHaveLength(4);
  });

  it('refuses what was revoked under either key, each by its own list', async () => {
    for (const { udid, maker } of Object.values(devices))
      await server.fieldbind('revoke', '--udid', udid, '--maker', maker, '--reason', 'keyCompromise');
    await fetched('/ca/northfield/crls.pem', 'crls.pem');
    for (const name of ['old', 'new'])
      expect(await verify(`${name}.pem`, 'bundle.pem')).toContain('certificate revoked');
  });

  it('certifies a service that devices of either anchor believe, and no name that is not the organisation’s', async () => {
    await openssl(
      ...[
        'req',
        '-new',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        '/CN=any',
      ],
      ...['-keyout', at('service.key'), '-out', at('service.csr')],
    );
    const ask = (host: string, file: string) =>
      server.fieldbind(
        ...['ca', 'server-certificate', '--org', 'northfield', '--name', host],
        ...['--request', at('service.csr'), '--to', at(file)],
      );
    expect((await ask(`broker.${OAK_STREET}`, 'service.pem')).out).toContain('and its chain');
    for (const anchors of ['old-anchor.pem', 'new-anchor.pem']) {
      const { out } = await openssl(
        ...['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', `broker.${OAK_STREET}`],
        ...['-CAfile', at(anchors), '-untrusted', at('service.pem'), at('service.pem')],
      );
      expect(out).toContain('service.pem: OK');
    }
    const asClient = ['-purpose', 'sslclient', '-CAfile', at('new-anchor.pem'), at('service.pem')];
    expect((await openssl('verify', ...asClient)).out).toContain('unsuitable certificate purpose');
    for (const [n, host] of [
      'example.org',
      `x.d.${OAK_STREET}`,
      `d.${OAK_STREET}`,
      '*.example',
      'hanna.fieldbind.internal',
    ].entries())
      expect((await ask(host, `refused-${n}.pem`)).out).toContain('name_not_allowed');
  });

  it('renews an old certificate under the new key', async () => {
    await issue('renewing');
    const est = await new EstDevice(
      server.running.estUrl ?? '',
      folder,
      devices.renewing as TestDevice,
    ).prepare();
    est.keep('leaf.pem', (await est.ask('simpleenroll')).leaf);
    const { code } = await server.fieldbind('ca', 'rotate', '--org', 'northfield', '--again');
    expect(code).toBe(0);
    ahead += 300 * DAY;
    const renewed = await est.ask('simplereenroll', { show: 'leaf.pem' });
    expect(renewed.status).toBe(200);
    est.keep('renewed.pem', renewed.leaf);
    const address = await openssl(
      'x509',
      '-in',
      est.at('renewed.pem'),
      '-noout',
      '-ext',
      'authorityInfoAccess',
    );
    expect(address.out).toContain('/ca/northfield_3.cer');
  });
});
