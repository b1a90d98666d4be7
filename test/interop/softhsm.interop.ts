import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldbindProcess } from '../support/command-process.ts';
import { openssl, run } from '../support/openssl.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { type SoftHsm, softHsm } from '../support/softhsm.ts';

let hsm: SoftHsm;
let folder: string;
let server: TestServer;
/** Behind at first, so that what is signed after a leap is not of the future to OpenSSL. */
let ahead = -10_000;
const at = (name: string) => join(folder, name);
const data = () => at('data');

beforeAll(async () => {
  const built = await fieldbind(tmpdir(), ['token', 'build']);
  expect(built.out).toContain('built');
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-token-'));
  hsm = await softHsm('fieldbind');
  name(hsm.options);
  server = await startTestServer({
    data: data(),
    pkcs11: hsm.options,
    clock: { now: () => Date.now() + ahead },
  });
});
afterAll(async () => {
  await closeFaultless(server);
  for (const variable of ['MODULE', 'TOKEN', 'PIN']) delete process.env[`FIELDBIND_PKCS11_${variable}`];
  hsm.remove();
  rmSync(folder, { recursive: true });
});

/** A command beside the server, in a process of its own: a PKCS#11 library counts each process as one user of the token. */
async function fieldbind(folder: string, words: readonly string[]): Promise<{ code: number; out: string }> {
  const env = { FIELDBIND_DATA: folder, FIELDBIND_DATABASE_URL: '' };
  const { code, stdout, stderr } = await fieldbindProcess(words, env);
  return { code, out: code === 0 ? stdout : `${stdout}${stderr}` };
}

/** For processes beside this one. */
function name({ module, token, pin }: SoftHsm['options']): void {
  process.env.FIELDBIND_PKCS11_MODULE = module;
  process.env.FIELDBIND_PKCS11_TOKEN = token;
  process.env.FIELDBIND_PKCS11_PIN = pin;
}

async function issue(file: string): Promise<void> {
  const device = await server.listedDevice();
  const ines = await server.signIn('ines');
  const change = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  writeFileSync(at(file), change.certificate?.leafPem ?? '');
  writeFileSync(at('bundle.pem'), await (await fetch(`${server.url}/ca/northfield/bundle.pem`)).text());
}

async function verify(file: string): Promise<string> {
  const crls = await (await fetch(`${server.url}/ca/northfield/crls.pem`)).text();
  writeFileSync(at('crls.pem'), crls);
  const lists = ['-crl_check', '-CRLfile', at('crls.pem')];
  return (await openssl('verify', '-x509_strict', ...lists, '-CAfile', at('bundle.pem'), at(file))).out;
}

describe('keys in a token (SoftHSM)', () => {
  it('issue a registration’s certificate and the CRL, that OpenSSL verifies, and no key is in a file', async () => {
    await issue('leaf.pem');
    expect(await verify('leaf.pem')).toContain('leaf.pem: OK');
    expect(existsSync(join(data(), 'keys')) ? readdirSync(join(data(), 'keys')) : []).toEqual([]);
    const asked = ['-issuer', at('bundle.pem'), '-CAfile', at('bundle.pem'), '-cert', at('leaf.pem')];
    const ocsp = await openssl('ocsp', ...asked, '-url', `${server.url}/ocsp`);
    expect(ocsp.out).toContain('Response verify OK');
  });

  it('were made there: private, sensitive, never to be extracted', async () => {
    const vault = server.running.installation.vault;
    expect((await vault.open('root'))?.algorithm).toBe('ES384');
    expect((await vault.open('northfield'))?.algorithm).toBe('ES256');
    expect(await vault.open('nobody')).toBeUndefined();
    const refused = await fieldbind(data(), ['ca', 'export', '--to', at('root')]);
    expect(refused.out).toContain('FIELDBIND_ROOT_PASSPHRASE is missing');
    process.env.FIELDBIND_ROOT_PASSPHRASE = 'a long passphrase of the root';
    const kept = await fieldbind(data(), ['ca', 'export', '--to', at('root')]);
    delete process.env.FIELDBIND_ROOT_PASSPHRASE;
    expect([kept.code, kept.out]).toEqual([2, expect.stringContaining('the keys are in a token')]);
    const taken = await run('p11tool', [
      ...['--provider', hsm.options.module, '--login', '--set-pin', hsm.options.pin],
      ...['--list-all-privkeys', `pkcs11:token=fieldbind`],
    ]);
    const keys = taken.out.split(/^Object \d+:/m).slice(1);
    expect(keys.length).toBeGreaterThan(5);
    for (const key of keys) {
      expect(key).toMatch(/CKA_SENSITIVE/);
      expect(key).toMatch(/CKA_NEVER_EXTRACTABLE/);
    }
  });

  it('are used by two processes at once, and rotated by one of them', async () => {
    const rotated = await fieldbind(data(), ['ca', 'rotate', '--org', 'northfield', '--curve', 'P-384']);
    expect(rotated.out).toContain('northfield_2 issues now');
    ahead += 6_000;
    await issue('next.pem');
    expect(await verify('next.pem')).toContain('next.pem: OK');
    expect(await verify('leaf.pem')).toContain('leaf.pem: OK');
    const issuer = await server.running.installation.ca.issuer('northfield');
    expect(new X509Certificate(issuer?.anchorPem ?? '').publicKey.asymmetricKeyDetails).toMatchObject({
      namedCurve: 'secp384r1',
    });
  });

  it('are made once, where two processes want the same one at once', async () => {
    const ask = (file: string) => fieldbind(data(), ['ca', 'request', '--org', 'east', '--to', at(file)]);
    const both = await Promise.all([ask('one.csr'), ask('two.csr')]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const keys = await Promise.all(
      ['one.csr', 'two.csr'].map((file) => openssl('req', '-in', at(file), '-noout', '-pubkey', '-verify')),
    );
    expect(keys[0]?.out).toContain('BEGIN PUBLIC KEY');
    expect(keys[1]?.out).toBe(keys[0]?.out);
  });

  it('sign side by side', async () => {
    const key = await server.running.installation.vault.open('northfield');
    const signatures = await Promise.all(Array.from({ length: 40 }, (_, n) => key?.sign(Uint8Array.of(n))));
    expect(new Set(signatures.map((one) => Buffer.from(one ?? []).toString('hex'))).size).toBe(40);
  });
});

describe('nothing starts, with one plain sentence,', () => {
  /** A server in a process of its own, told what is wrong. */
  const start = async (changes: Partial<SoftHsm['options']>, folder = data()) => {
    name({ ...hsm.options, ...changes });
    const { out } = await fieldbind(folder, ['ca', 'list']);
    name(hsm.options);
    expect(out).not.toContain(changes.pin || hsm.options.pin);
    expect(out).not.toMatch(/\n\s+at /);
    return out;
  };

  it('where the library, the token or the PIN is wrong', async () => {
    expect(await start({ module: at('none.so') })).toContain('there is no such file');
    writeFileSync(at('text.so'), 'no library');
    expect(await start({ module: at('text.so') })).toContain('cannot be loaded as a PKCS#11 library');
    expect(await start({ token: 'other' })).toContain(
      'FIELDBIND_PKCS11_TOKEN is other, but there is only fieldbind',
    );
    expect(await start({ pin: '000000' })).toContain('refuses FIELDBIND_PKCS11_PIN');
    expect(await start({ pin: '' })).toContain('are needed together');
  });

  it('where the token does not hold the keys', async () => {
    const empty = await run('softhsm2-util', [
      ...['--init-token', '--free', '--label', 'empty', '--so-pin', '31415926', '--pin', hsm.options.pin],
    ]);
    expect(empty.code).toBe(0);
    expect(await start({ token: 'empty' })).toContain('is missing');
  });
});
