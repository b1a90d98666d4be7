import { constants, createHash, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import type { Bytes } from '../../core/bytes.ts';
import type { CryptoPort, SignatureAlgorithm } from '../../core/crypto.ts';

const HASH: Record<SignatureAlgorithm, string | null> = {
  ES256: 'sha256',
  ES384: 'sha384',
  RS256: 'sha256',
  PS256: 'sha256',
  EdDSA: null,
};
const KEY_TYPE: Record<SignatureAlgorithm, { type: string; curve?: string }> = {
  ES256: { type: 'ec', curve: 'prime256v1' },
  ES384: { type: 'ec', curve: 'secp384r1' },
  RS256: { type: 'rsa' },
  PS256: { type: 'rsa' },
  EdDSA: { type: 'ed25519' },
};

function owned(data: Buffer): Bytes {
  return new Uint8Array(data);
}

export function sha256Hex(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Core's crypto over node:crypto, synchronous inside: WebCrypto's thread hop costs more than the arithmetic here. */
export const nodeCrypto: CryptoPort = {
  async sha256(data) {
    return owned(createHash('sha256').update(data).digest());
  },
  async verify(algorithm, spki, signature, data) {
    try {
      const key = imported(spki);
      if (!fits(key, algorithm)) return 'invalid';
      const padding =
        algorithm === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
      return verify(HASH[algorithm], data, { key, dsaEncoding: 'ieee-p1363', ...padding }, signature)
        ? 'valid'
        : 'invalid';
    } catch {
      // Bytes that are no key of this kind (a point off its curve among them) can have signed nothing.
      return 'invalid';
    }
  },
  random: (length) => owned(randomBytes(length)),
};

/** Keys used last. An operator's signs every record of a phone, and importing it costs as much as verifying with it. */
const recent = new Map<string, KeyObject>();
const RECENT = 512;

function imported(spki: Uint8Array): KeyObject {
  const name = Buffer.from(spki.buffer, spki.byteOffset, spki.length).toString('latin1');
  const key = recent.get(name) ?? createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  recent.delete(name);
  recent.set(name, key);
  const oldest = recent.size > RECENT ? recent.keys().next().value : undefined;
  if (oldest !== undefined) recent.delete(oldest);
  return key;
}

/** A key of another kind must not verify under this algorithm's name (RFC 8725 section 3.1). */
function fits(key: KeyObject, algorithm: SignatureAlgorithm): boolean {
  const { type, curve } = KEY_TYPE[algorithm];
  return (
    key.asymmetricKeyType === type && (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve)
  );
}
