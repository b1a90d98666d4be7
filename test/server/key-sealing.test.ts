import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyFiles } from '../../server/authority/keys/key-files.ts';
import { isSealedWell, keySealer } from '../../server/authority/keys/sealed-key.ts';
import { ConfigError, readConfig } from '../../server/config/config.ts';
import { VaultError } from '../../server/ports/signer.ts';
import { databaseOf } from '../support/database.ts';
import { fieldbind, startTestServer } from '../support/server.ts';

const PASSPHRASE = 'correct horse';
let folder: string;
const at = (name: string) => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-sealing-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const newKey = (curve = 'P-256') => generateKeyPairSync('ec', { namedCurve: curve }).privateKey;
const plain = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const openssl = (...words: string[]) => execFileSync('openssl', words, { encoding: 'utf8', stdio: 'pipe' });

/** What `openssl pkcs8 -topk8` makes of a key with these options. */
function byOpenssl(key: KeyObject, ...options: string[]): string {
  writeFileSync(at('plain.pem'), plain(key));
  return openssl('pkcs8', '-topk8', '-in', at('plain.pem'), '-passout', `pass:${PASSPHRASE}`, ...options);
}

describe('a sealed key', () => {
  it.each(['P-256', 'P-384'])('on %s is derived by scrypt, and read by OpenSSL', (curve) => {
    const key = newKey(curve);
    const text = keySealer(PASSPHRASE, 'X').seal(key);
    writeFileSync(at('key.pem'), text);
    expect(openssl('pkcs8', '-in', at('key.pem'), '-passin', `pass:${PASSPHRASE}`)).toBe(plain(key));
    const parts = openssl('asn1parse', '-in', at('key.pem'));
    expect(parts).toMatch(
      /PBES2[\s\S]*:scrypt[\s\S]*INTEGER +:4000[\s\S]*INTEGER +:08[\s\S]*INTEGER +:05[\s\S]*aes-256-cbc/,
    );
    expect(() => openssl('pkcs8', '-in', at('key.pem'), '-passin', 'pass:wrong')).toThrow();
    expect(() => keySealer('wrong', 'X').open(text)).toThrow(VaultError);
  });

  it.each([
    ['scrypt', ['-scrypt'], false],
    ['scrypt at our cost', ['-scrypt', '-scrypt_p', '5'], true],
    ['PBKDF2', ['-v2', 'aes-256-cbc'], false],
    ['PBKDF2 with many rounds', ['-v2', 'aes-256-cbc', '-iter', '10000'], false],
    ['AES-128', ['-scrypt', '-v2', 'aes-128-cbc'], false],
  ] as const)('by OpenSSL with %s is read, and known for what it is', (_, options, isGood) => {
    const key = newKey();
    const text = byOpenssl(key, ...options);
    expect(keySealer(PASSPHRASE, 'X').open(text).equals(key)).toBe(true);
    expect(isSealedWell(text)).toBe(isGood);
  });

  it('is closed to whoever changed it: any byte, in the end no other key', () => {
    const key = newKey();
    const sealer = keySealer(PASSPHRASE, 'X');
    const text = sealer.seal(key);
    const at = fc.nat({ max: text.length - 1 });
    fc.assert(
      fc.property(at, fc.constantFrom(...'ABCDwxyz0189+/='), (index, letter) => {
        const changed = text.slice(0, index) + letter + text.slice(index + 1);
        let opened: KeyObject | undefined;
        try {
          opened = sealer.open(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(VaultError);
          return;
        }
        // CBC has no tag: a changed vector may leave DER that reads, whose key is then another one and fits no certificate.
        expect(opened.equals(key) || opened.asymmetricKeyType === 'ec').toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('that asks for more memory or passes than we would spend is not begun with', () => {
    const key = newKey();
    for (const options of [
      ['-scrypt', '-scrypt_p', '65', '-scrypt_N', '16'],
      ['-scrypt', '-scrypt_r', '1', '-scrypt_N', '2'],
    ]) {
      const text = byOpenssl(key, ...options);
      expect(isSealedWell(text)).toBe(false);
      expect(keySealer(PASSPHRASE, 'X').open(text).equals(key)).toBe(true);
    }
  });

  it('shares its salt with the others of its folder and has a vector of its own', () => {
    const sealer = keySealer(PASSPHRASE, 'X');
    const first = sealer.seal(newKey());
    const second = sealer.seal(newKey(), first);
    writeFileSync(at('1'), first);
    writeFileSync(at('2'), second);
    const [one = [], two = []] = ['1', '2'].map((name) =>
      [...openssl('asn1parse', '-in', at(name)).matchAll(/OCTET STRING +\[HEX DUMP\]:(\w+)/g)].map(
        ([, hex]) => hex,
      ),
    );
    expect([one[0] === two[0], one[1] === two[1]]).toEqual([true, false]);
  });
});

describe('key files of an older version', () => {
  /** Files as version 0.1.0 wrote them. */
  function old(names: readonly string[]): Map<string, KeyObject> {
    mkdirSync(at('keys'), { mode: 0o700 });
    const keys = new Map(names.map((name) => [name, newKey()]));
    const how = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const;
    for (const [name, key] of keys)
      writeFileSync(at(`keys/${name}.key.pem`), key.export(how), { mode: 0o600 });
    return keys;
  }
  const fileOf = (name: string) => readFileSync(at(`keys/${name}.key.pem`), 'utf8');

  it('are read, and written anew when they are first unlocked', async () => {
    const keys = old(['one', 'two']);
    const vault = keyFiles(at('keys'), PASSPHRASE);
    const opened = await vault.open('one');
    expect(isSealedWell(fileOf('one'))).toBe(true);
    expect(isSealedWell(fileOf('two'))).toBe(false);
    expect((await vault.open('one'))?.spki).toEqual(opened?.spki);
    expect(
      createPrivateKey({ key: fileOf('one'), passphrase: PASSPHRASE }).equals(keys.get('one') as KeyObject),
    ).toBe(true);
    vault.renew();
    expect(isSealedWell(fileOf('two'))).toBe(true);
    expect(readdirSync(at('keys')).sort()).toEqual(['one.key.pem', 'two.key.pem']);
  });

  it('stay as they are under a wrong passphrase', async () => {
    old(['one']);
    const before = fileOf('one');
    await expect(keyFiles(at('keys'), 'wrong').open('one')).rejects.toThrow('cannot be opened with');
    expect(fileOf('one')).toBe(before);
  });

  it('are all written anew at a start, which costs nothing at the next one', async () => {
    const data = at('data');
    const first = await startTestServer({ data, caPassphrase: PASSPHRASE });
    await first.close();
    const names = readdirSync(join(data, 'keys')).filter((name) => name.endsWith('.pem'));
    const keyOf = (name: string) =>
      createPrivateKey({ key: readFileSync(join(data, 'keys', name)), passphrase: PASSPHRASE });
    const how = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const;
    for (const name of names) writeFileSync(join(data, 'keys', name), keyOf(name).export(how));
    const digests = () =>
      names.map((name) =>
        createHash('sha256')
          .update(readFileSync(join(data, 'keys', name)))
          .digest('hex'),
      );
    const old = digests();
    await (await startTestServer({ data, caPassphrase: PASSPHRASE })).close();
    for (const name of names) expect(isSealedWell(readFileSync(join(data, 'keys', name), 'utf8'))).toBe(true);
    const renewed = digests();
    expect(renewed.every((digest, index) => digest !== old[index])).toBe(true);
    await (await startTestServer({ data, caPassphrase: PASSPHRASE })).close();
    expect(digests()).toEqual(renewed);
  });
});

describe('a passphrase', () => {
  const secret = 'a long passphrase with ünïcode';

  it.each([
    ['FIELDBIND_CA_PASSPHRASE', 'fieldbind-ca-passphrase', 'caPassphrase'],
    ['FIELDBIND_ROOT_PASSPHRASE', 'fieldbind-root-passphrase', 'rootPassphrase'],
  ] as const)('%s comes from a file or a credential of systemd too', (variable, credential, name) => {
    for (const [file, end] of [
      ['lf', '\n'],
      ['crlf', '\r\n'],
      ['none', ''],
    ] as const) {
      writeFileSync(at(file), secret + end);
      expect(readConfig({ [`${variable}_FILE`]: at(file) })[name]).toBe(secret);
    }
    writeFileSync(at(credential), `${secret}\n`);
    expect(readConfig({ CREDENTIALS_DIRECTORY: folder })[name]).toBe(secret);
    expect(readConfig({ CREDENTIALS_DIRECTORY: folder, [variable]: 'said' })[name]).toBe('said');
    expect(readConfig({ CREDENTIALS_DIRECTORY: at('nowhere') })[name]).toBeUndefined();
  });

  it('of a token comes so too', () => {
    writeFileSync(at('pin'), '1234\n');
    const token = { FIELDBIND_PKCS11_MODULE: '/lib/x.so', FIELDBIND_PKCS11_TOKEN: 't' };
    expect(readConfig({ ...token, FIELDBIND_PKCS11_PIN_FILE: at('pin') }).pkcs11?.pin).toBe('1234');
  });

  it.each([
    ['an empty file', ''],
    ['two lines', 'hidden\nmore\n'],
    ['a file that is no passphrase', 'hidden'.repeat(1000)],
  ])('is not taken from %s, and what is in it is not said', (_, text) => {
    writeFileSync(at('file'), text);
    const read = () => readConfig({ FIELDBIND_CA_PASSPHRASE_FILE: at('file') });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow('FIELDBIND_CA_PASSPHRASE_FILE');
    expect(read).not.toThrow('hidden');
  });

  it('is not taken from a file that is not there, nor from two places', () => {
    expect(() => readConfig({ FIELDBIND_CA_PASSPHRASE_FILE: at('none') })).toThrow('cannot be read');
    writeFileSync(at('file'), secret);
    const both = { FIELDBIND_CA_PASSPHRASE: 'x', FIELDBIND_CA_PASSPHRASE_FILE: at('file') };
    expect(() => readConfig(both)).toThrow('both set');
  });

  it('from a file opens what the same one from the environment sealed', async () => {
    writeFileSync(at('pass'), `${PASSPHRASE}\n`);
    const data = at('data');
    await (await startTestServer({ data, caPassphrase: PASSPHRASE })).close();
    process.env.FIELDBIND_CA_PASSPHRASE_FILE = at('pass');
    try {
      expect(await fieldbind(data, ['statement-key', 'rotate'], await databaseOf(data))).toMatchObject({
        code: 0,
      });
    } finally {
      delete process.env.FIELDBIND_CA_PASSPHRASE_FILE;
    }
    chmodSync(data, 0o700);
  });
});
