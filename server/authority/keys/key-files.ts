import { generateKeyPairSync, type KeyObject } from 'node:crypto';
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
import { type KeyVault, VaultError } from '../../ports/signer.ts';
import { isOpenKey, keyPem, openPem, signerOf } from './local-key.ts';
import { onCurve } from './on-curve.ts';

const PASSPHRASE = 'FIELDBIND_CA_PASSPHRASE';

/** A vault whose keys can be moved to another machine, encrypted. */
export interface KeyFiles extends KeyVault {
  /** The key called `name`, encrypted under another passphrase, PEM; undefined if it does not exist. */
  takeOut(name: string, under: string): string | undefined;
  /** Stores a key under `name`; an existing key stays. */
  putIn(name: string, pem: string, under: string): void;
  remove(name: string): void;
}

/**
 * Private keys as PKCS#8 files of mode 0600 in one folder. With a passphrase they are encrypted (PBES2, AES-256-CBC;
 * RFC 8018), without one only the file mode protects them. If a passphrase is set, an unencrypted key file is
 * refused, so that nobody believes it protected.
 */
export function keyFiles(folder: string, passphrase: string | undefined): KeyFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (passphrase !== undefined) refuseOpenKeys(folder);
  const path = (name: string) => join(folder, `${checked(name)}.key.pem`);
  return {
    async open(name) {
      return existsSync(path(name)) ? signerOf(read(path(name), passphrase)) : undefined;
    },
    async ensure(name, curve) {
      if (!existsSync(path(name))) {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
        writeOnce(path(name), keyPem(privateKey, passphrase));
      }
      return onCurve(name, curve, signerOf(read(path(name), passphrase)));
    },
    takeOut: (name, under) =>
      existsSync(path(name)) ? keyPem(read(path(name), passphrase), under) : undefined,
    putIn(name, pem, under) {
      const key = openPem(pem, under, 'FIELDBIND_ROOT_PASSPHRASE');
      if (!existsSync(path(name))) writeOnce(path(name), keyPem(key, passphrase));
    },
    remove(name) {
      rmSync(path(name), { force: true });
      syncFolder(folder);
    },
  };
}

function checked(name: string): string {
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) throw new VaultError('not a key name');
  return name;
}

/** Checks draft files that a crash left, too. */
function refuseOpenKeys(folder: string): void {
  const open = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isOpenKey(readFileSync(join(folder, entry.name), 'latin1')))
    .map(({ name }) => name);
  if (open.length > 0) throw notEncrypted(open, folder);
}

function notEncrypted(names: readonly string[], folder: string): VaultError {
  return new VaultError(
    `${PASSPHRASE} is set, but not encrypted in ${folder}: ${names.join(', ')}. ` +
      'Encrypt each as docs/operations.md says under "Keys encrypted afterwards", or start without the variable',
  );
}

function read(path: string, passphrase: string | undefined): KeyObject {
  const key = readFileSync(path);
  // Somebody may have put the file there after the start.
  if (passphrase !== undefined && isOpenKey(key.toString('latin1')))
    throw notEncrypted([basename(path)], dirname(path));
  return openPem(key, passphrase, PASSPHRASE);
}

/**
 * Writes the file whole or not at all, and never over another key: it is written to a draft, forced to disk, then
 * linked under its name.
 */
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
    if (!existsSync(path)) throw error; // another process created this key first, and that one stays
  } finally {
    rmSync(draft);
  }
  syncFolder(dirname(path));
}

/** A file's name is on disk only once its folder is. After a power cut no certificate may exist whose key is lost. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
