import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  type KeyObject,
  randomBytes,
  scryptSync,
} from 'node:crypto';
import { DerError, type DerReader, enterDer, oidText, TAG, unsignedInteger } from '../../../core/der.ts';
import { fromPem, toPem } from '../../../core/pem.ts';
import { octets, oid, sequence, smallInteger } from '../../x509/der-writer.ts';
import { notOpened, openPem } from './local-key.ts';

const PBES2 = '1.2.840.113549.1.5.13';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';
const LABEL = 'ENCRYPTED PRIVATE KEY';
const SALT = 16;

/**
 * OWASP's choice of cost for 16 MiB (Password Storage Cheat Sheet, scrypt). OpenSSL reads no file that needs more than
 * 32 MiB, and whoever has these files must be able to read them without us.
 */
const COST = { N: 2 ** 14, r: 8, p: 5 } as const;
type Cost = { readonly [Name in keyof typeof COST]: number };
const MOST_MEMORY = 32 * 2 ** 20;
const MOST_PASSES = 64;

interface Sealed extends Cost {
  readonly salt: Uint8Array;
  readonly iv: Uint8Array;
  readonly body: Uint8Array;
}

/** Private keys under one passphrase: PKCS#8, PBES2 with scrypt and AES-256-CBC (RFC 8018, RFC 7914 section 7). */
export interface KeySealer {
  /** `like`: a file of the same passphrase, whose salt is used again, so that both cost one derivation to open. */
  seal(key: KeyObject, like?: string): string;
  /** Opens files of any kind that OpenSSL reads. Throws VaultError. */
  open(text: string): KeyObject;
}

/**
 * Deriving is slow on purpose, and an installation has a key for each organisation and more: so all of its files share one
 * salt, each with an initialisation vector of its own, and the derived key is kept. `variable` is named in messages.
 */
export function keySealer(passphrase: string, variable: string): KeySealer {
  const derived = new Map<string, Buffer>();

  function keyOf(salt: Uint8Array, { N, r, p }: Cost): Buffer {
    const name = `${Buffer.from(salt).toString('hex')}/${N}/${r}/${p}`;
    const key = derived.get(name) ?? scryptSync(passphrase, salt, 32, { N, r, p, maxmem: 2 * MOST_MEMORY });
    if (derived.size > 16) derived.clear();
    derived.set(name, key);
    return key;
  }

  return {
    seal(key, like) {
      const salt = (like === undefined ? undefined : readSealed(like)?.salt) ?? randomBytes(SALT);
      const iv = randomBytes(16);
      const cipher = createCipheriv('aes-256-cbc', keyOf(salt, COST), iv);
      const plain = key.export({ type: 'pkcs8', format: 'der' });
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return toPem(LABEL, write({ ...COST, salt, iv, body }));
    },
    open(text) {
      const sealed = readSealed(text);
      // What is written in another way, as older versions and OpenSSL do, is OpenSSL's to read.
      if (sealed === undefined) return openPem(text, passphrase, variable);
      let plain: Buffer | undefined;
      try {
        const decipher = createDecipheriv('aes-256-cbc', keyOf(sealed.salt, sealed), sealed.iv);
        plain = Buffer.concat([decipher.update(sealed.body), decipher.final()]);
        return createPrivateKey({ key: plain, format: 'der', type: 'pkcs8' });
      } catch {
        throw notOpened(variable);
      } finally {
        plain?.fill(0);
      }
    },
  };
}

/** Whether a file's key is derived by scrypt at no less than today's cost, so that it needs not be written anew. */
export function isSealedWell(text: string): boolean {
  const sealed = readSealed(text);
  return (
    sealed !== undefined && sealed.N >= COST.N && sealed.r >= COST.r && sealed.N * sealed.p >= COST.N * COST.p
  );
}

function write({ N, r, p, salt, iv, body }: Sealed): Uint8Array {
  const kdf = sequence(
    oid(SCRYPT),
    sequence(octets(salt), smallInteger(N), smallInteger(r), smallInteger(p)),
  );
  const scheme = sequence(oid(AES_256_CBC), octets(iv));
  return sequence(sequence(oid(PBES2), sequence(kdf, scheme)), octets(body));
}

/** Reads such a file; undefined if it is another kind, or asks for more than we would ever spend. */
function readSealed(text: string): Sealed | undefined {
  const [der] = fromPem(LABEL, text);
  if (der === undefined) return undefined;
  try {
    const outer = enterDer(der, TAG.sequence);
    const algorithm = outer.enter(TAG.sequence);
    const body = outer.next(TAG.octetString).content;
    outer.end();
    if (oidText(algorithm.next(TAG.oid).content) !== PBES2) return undefined;
    const scheme = algorithm.enter(TAG.sequence);
    const kdf = scheme.enter(TAG.sequence);
    if (oidText(kdf.next(TAG.oid).content) !== SCRYPT) return undefined;
    const { salt, cost } = readCost(kdf.enter(TAG.sequence));
    const cipher = scheme.enter(TAG.sequence);
    if (oidText(cipher.next(TAG.oid).content) !== AES_256_CBC) return undefined;
    const iv = cipher.next(TAG.octetString).content;
    const isBearable =
      128 * cost.N * cost.r <= MOST_MEMORY && cost.p <= MOST_PASSES && cost.N >= 2 && cost.p >= 1;
    return isBearable && iv.length === 16 ? { ...cost, salt, iv, body } : undefined;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function readCost(parameters: DerReader): { salt: Uint8Array; cost: Cost } {
  const salt = parameters.next(TAG.octetString).content;
  const number = () =>
    unsignedInteger(parameters.next(TAG.integer).content, 4).reduce((sum, byte) => sum * 256 + byte, 0);
  const cost = { N: number(), r: number(), p: number() };
  // The length of the key, which may be said and is what the cipher needs.
  if (!parameters.done && number() !== 32) throw new DerError('a key of another length');
  parameters.end();
  return { salt, cost };
}
