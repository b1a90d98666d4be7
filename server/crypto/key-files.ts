import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CaSigner, KeyVault } from '../ports/signer.ts';

export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/**
 * Private keys as PKCS#8 files of mode 0600 in one folder: encrypted (PBES2, AES-256-CBC; RFC 8018) where a passphrase
 * is set; otherwise file mode alone protects them. With a passphrase, a key file that is not encrypted is refused, so that
 * nobody believes it protected. Key material never leaves this module.
 */
export function keyFiles(folder: string, passphrase: string | undefined): KeyVault {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (passphrase !== undefined) refuseOpenKeys(folder);
  const path = (name: string) => join(folder, `${checked(name)}.key.pem`);
  return {
    async open(name) {
      return existsSync(path(name)) ? signer(read(path(name), passphrase)) : undefined;
    },
    async ensure(name, curve) {
      if (!existsSync(path(name))) {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
        writeOnce(path(name), pem(privateKey, passphrase));
      }
      return signer(read(path(name), passphrase));
    },
  };
}

function checked(name: string): string {
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) throw new KeyFileError('not a key name');
  return name;
}

function pem(key: KeyObject, passphrase: string | undefined): string {
  const plain = { type: 'pkcs8', format: 'pem' } as const;
  return key
    .export(passphrase === undefined ? plain : { ...plain, cipher: 'aes-256-cbc', passphrase })
    .toString();
}

/** Drafts that a crash left are looked at too. */
function refuseOpenKeys(folder: string): void {
  const open = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isOpenKey(readFileSync(join(folder, entry.name), 'latin1')))
    .map(({ name }) => name);
  if (open.length > 0) throw notEncrypted(open, folder);
}

function isOpenKey(text: string): boolean {
  return /-----BEGIN (?:EC )?PRIVATE KEY-----/.test(text);
}

function notEncrypted(names: readonly string[], folder: string): KeyFileError {
  return new KeyFileError(
    `FIELDBIND_CA_PASSPHRASE is set, but not encrypted in ${folder}: ${names.join(', ')}. ` +
      'Encrypt each as docs/operations.md says under "Keys encrypted afterwards", or start without the variable',
  );
}

function read(path: string, passphrase: string | undefined): KeyObject {
  const key = readFileSync(path);
  // A root that was put back for a moment, say.
  if (passphrase !== undefined && isOpenKey(key.toString('latin1')))
    throw notEncrypted([basename(path)], dirname(path));
  try {
    return createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // What OpenSSL says of a wrong passphrase helps nobody, and its text must not carry anything of the key.
    throw new KeyFileError(
      `a key file cannot be opened${passphrase === undefined ? ' (is FIELDBIND_CA_PASSPHRASE missing?)' : ' with FIELDBIND_CA_PASSPHRASE'}`,
    );
  }
}

/** Whole or not at all, and never over another key: written apart, forced to disk, then linked under its name. */
function writeOnce(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!existsSync(path)) throw error; // another process made this key first, and its key stands
  } finally {
    rmSync(draft);
  }
}

function signer(key: KeyObject): CaSigner {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve !== 'prime256v1' && curve !== 'secp384r1')
    throw new KeyFileError('a key file holds no P-256 or P-384 key');
  const algorithm = curve === 'prime256v1' ? 'ES256' : 'ES384';
  const hash = algorithm === 'ES256' ? 'sha256' : 'sha384';
  const spki = new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  return { algorithm, spki, sign: async (data) => new Uint8Array(sign(hash, data, key)) };
}
