import {
  constants,
  createCipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { type Bytes, concat, fromBase64Url, utf8 } from '../../../core/bytes.ts';
import { TpmError } from './tpm-reader.ts';

const SEED_BYTES = 32;
const NOTHING = new Uint8Array(0);
/** Header of the file that tpm2-tools reads: magic number, version 1; the two structures follow (tpm2-tools, files.c). */
const FILE = Uint8Array.of(0xba, 0xdc, 0xc0, 0xde, 0, 0, 0, 1);

/**
 * An endorsement key of TCG's low-range templates L-1 and L-2 (TCG EK Credential Profile, annex B.3): RSA-2048 or
 * P-256, with SHA-256 names and AES-128-CFB for its children. TPMs are delivered with these. Throws TpmError.
 */
export function endorsementKey(spki: Uint8Array): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    throw new TpmError('no endorsement key');
  }
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const fits =
    (key.asymmetricKeyType === 'rsa' && modulusLength === 2048) ||
    (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1');
  // Only one encoding is accepted, since the list knows a key by its digest.
  if (!fits || !key.export({ type: 'spki', format: 'der' }).equals(spki))
    throw new TpmError('no endorsement key of a kind taken here');
  return key;
}

/**
 * Encrypts a secret so that only the TPM with this endorsement key can decrypt it, and only if it also has the key
 * with this name (TPM2_MakeCredential; TPM 2.0 Part 1 section 24).
 */
export function makeCredential(ek: KeyObject, name: Uint8Array, secret: Uint8Array): Bytes {
  const { seed, encrypted } = ek.asymmetricKeyType === 'rsa' ? seedByRsa(ek) : seedByEcdh(ek);
  const cipher = createCipheriv('aes-128-cfb', kdfa(seed, 'STORAGE', name, 16), new Uint8Array(16));
  const identity = Buffer.concat([cipher.update(sized(secret)), cipher.final()]);
  const mac = createHmac('sha256', kdfa(seed, 'INTEGRITY', NOTHING, 32))
    .update(identity)
    .update(name)
    .digest();
  return concat(FILE, sized(concat(sized(mac), identity)), sized(encrypted));
}

interface Seed {
  readonly seed: Uint8Array;
  /** The form in which the TPM receives the seed. */
  readonly encrypted: Uint8Array;
}

/** RSA-OAEP, whose label ends with a NUL (Part 1 annex B.10.4). */
function seedByRsa(key: KeyObject): Seed {
  const seed = randomBytes(SEED_BYTES);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const encrypted = publicEncrypt({ key, padding, oaepHash: 'sha256', oaepLabel: utf8('IDENTITY\0') }, seed);
  return { seed, encrypted };
}

/** One-pass Diffie-Hellman with an ephemeral key (Part 1 annex C.6.3); the TPM receives its public point. */
function seedByEcdh(key: KeyObject): Seed {
  const moment = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const shared = diffieHellman({ privateKey: moment.privateKey, publicKey: key });
  const [mine, theirs] = [pointOf(moment.publicKey), pointOf(key)];
  return {
    seed: kdfe(shared, 'IDENTITY', mine.x, theirs.x),
    encrypted: concat(sized(mine.x), sized(mine.y)),
  };
}

function pointOf(key: KeyObject): { x: Uint8Array; y: Uint8Array } {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return { x: fromBase64Url(x) ?? NOTHING, y: fromBase64Url(y) ?? NOTHING };
}

/** KDFa (Part 1 section 11.4.10.2), one round of HMAC-SHA-256, which gives up to 32 bytes. */
function kdfa(key: Uint8Array, label: string, context: Uint8Array, bytes: number): Uint8Array {
  return createHmac('sha256', key)
    .update(concat(u32(1), utf8(`${label}\0`), context, u32(bytes * 8)))
    .digest()
    .subarray(0, bytes);
}

/** KDFe (Part 1 section 11.4.10.3), one round of SHA-256. */
function kdfe(z: Uint8Array, label: string, mine: Uint8Array, theirs: Uint8Array): Uint8Array {
  return hash('sha256', concat(u32(1), z, utf8(`${label}\0`), mine, theirs), 'buffer');
}

function sized(bytes: Uint8Array): Bytes {
  return concat(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
