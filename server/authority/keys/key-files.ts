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
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type KeyAgreement, type KeyVault, type ServerKeys, VaultError } from '../../ports/signer.ts';
import { agreementOf, isOpenKey, openKeyPem, openPem, signerOf } from './local-key.ts';
import { onCurve } from './on-curve.ts';
import { isSealedWell, keySealer } from './sealed-key.ts';

const PASSPHRASE = 'FIELDBIND_CA_PASSPHRASE';
const ROOT_PASSPHRASE = 'FIELDBIND_ROOT_PASSPHRASE';

/** A vault whose keys can be moved to another machine, encrypted. */
export interface KeyFiles extends KeyVault, ServerKeys {
  /** The key called `name`, encrypted under another passphrase, PEM; undefined if it does not exist. */
  takeOut(name: string, under: string): string | undefined;
  /** Stores a key under `name`; an existing key stays. */
  putIn(name: string, pem: string, under: string): void;
  remove(name: string): void;
  /** The key called `name` as one that agrees on secrets; undefined if it does not exist. */
  agreement(name: string): KeyAgreement | undefined;
  /** The same; it is created if it does not exist. */
  makeAgreement(name: string): KeyAgreement;
  /** Stores a key that is not encrypted (PKCS#8, PEM) under `name`; an existing key stays. */
  putAgreement(name: string, pem: string): void;
  /** Numbers of the keys called `prefix` and a number, in order. */
  numbered(prefix: string): number[];
  /** Writes files anew whose passphrase is easier to guess than it need be: those of older versions, and of OpenSSL by default. */
  renew(): void;
}

/**
 * Private keys as PKCS#8 files of mode 0600 in one folder. With a passphrase they are encrypted (sealed-key.ts), without one
 * only the file mode protects them. If a passphrase is set, an unencrypted key file is
 * refused, so that nobody believes it protected.
 */
export function keyFiles(folder: string, passphrase: string | undefined): KeyFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (passphrase !== undefined) refuseOpenKeys(folder);
  const path = (name: string) => join(folder, `${checked(name)}.key.pem`);
  const sealer = passphrase === undefined ? undefined : keySealer(passphrase, PASSPHRASE);

  /** As a file holds it. All files of the folder share a salt; see sealed-key.ts. */
  function textOf(key: KeyObject): string {
    return sealer === undefined ? openKeyPem(key) : sealer.seal(key, anySealed(folder));
  }

  function read(file: string): KeyObject {
    const text = readFileSync(file, 'latin1');
    if (sealer === undefined) return openPem(text, undefined, PASSPHRASE);
    // Somebody may have put the file there after the start.
    if (isOpenKey(text)) throw notEncrypted([basename(file)], folder);
    const key = sealer.open(text);
    if (!isSealedWell(text)) replace(file, textOf(key));
    return key;
  }

  return {
    async open(name) {
      return existsSync(path(name)) ? signerOf(read(path(name))) : undefined;
    },
    async ensure(name, curve) {
      if (!existsSync(path(name))) {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
        writeOnce(path(name), textOf(privateKey));
      }
      return onCurve(name, curve, signerOf(read(path(name))));
    },
    takeOut: (name, under) =>
      existsSync(path(name)) ? keySealer(under, ROOT_PASSPHRASE).seal(read(path(name))) : undefined,
    putIn(name, pem, under) {
      const key = keySealer(under, ROOT_PASSPHRASE).open(pem);
      if (!existsSync(path(name))) writeOnce(path(name), textOf(key));
    },
    remove(name) {
      rmSync(path(name), { force: true });
      syncFolder(folder);
    },
    ensureText(name) {
      if (!existsSync(path(name)))
        writeOnce(path(name), textOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey));
      return openKeyPem(read(path(name)));
    },
    textOf: (name) => (existsSync(path(name)) ? openKeyPem(read(path(name))) : undefined),
    agreement: (name) => (existsSync(path(name)) ? agreementOf(read(path(name))) : undefined),
    makeAgreement(name) {
      if (!existsSync(path(name)))
        writeOnce(path(name), textOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey));
      return agreementOf(read(path(name)));
    },
    putAgreement(name, pem) {
      const key = openPem(pem, undefined, PASSPHRASE);
      if (!existsSync(path(name))) writeOnce(path(name), textOf(key));
    },
    numbered(prefix) {
      const name = /^(.*?)([1-9]\d{0,5})\.key\.pem$/;
      const numbers = readdirSync(folder).map((file) => name.exec(file) ?? []);
      return numbers
        .flatMap(([, before, n]) => (before === prefix ? [Number(n)] : []))
        .sort((one, other) => one - other);
    },
    renew() {
      if (sealer === undefined) return;
      for (const file of readdirSync(folder)) if (file.endsWith('.key.pem')) read(join(folder, file));
    },
  };
}

/** Names of the keys in a folder, which need not exist. */
export function keyNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => /^(.+)\.key\.pem$/.exec(file)?.[1] ?? []);
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

/** The text of some sealed file of the folder. */
function anySealed(folder: string): string | undefined {
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.key.pem')) continue;
    const text = readFileSync(join(folder, file), 'latin1');
    if (isSealedWell(text)) return text;
  }
  return undefined;
}

/**
 * Writes the file whole or not at all, and never over another key: it is written to a draft, forced to disk, then
 * linked under its name.
 */
function writeOnce(path: string, text: string): void {
  const draft = writeDraft(path, text);
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!existsSync(path)) throw error; // another process created this key first, and that one stays
  } finally {
    rmSync(draft);
  }
  syncFolder(dirname(path));
}

/** Puts another text of the same key in the file's place. Where the folder is given to be read only, the old one serves on. */
function replace(path: string, text: string): void {
  try {
    renameSync(writeDraft(path, text), path);
    syncFolder(dirname(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EROFS' && code !== 'EACCES' && code !== 'EPERM' && code !== 'EEXIST') throw error;
  }
}

/** The draft, forced to disk. */
function writeDraft(path: string, text: string): string {
  const draft = `${path}.${process.pid}.new`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return draft;
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
