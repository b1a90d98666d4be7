import { bitString, type Der, integer, nullValue, oid, sequence } from './der.ts';

/** The kinds of key a device may have. Which firmware can have which is said by its profile. */
export const KEY_TYPES = ['p256', 'p384', 'ed25519', 'rsa2048'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** A device's own key: made once, kept in its state, never given out. */
export interface DeviceKey {
  readonly type: KeyType;
  /** SubjectPublicKeyInfo, DER; of an elliptic curve with the uncompressed point. */
  readonly spki: Der;
  /** The AlgorithmIdentifier that stands beside its signatures in X.509. */
  readonly signatureAlgorithm: Der;
  /** As X.509 has it: ECDSA in DER, the others as they are. */
  sign(data: Uint8Array): Promise<Der>;
  /** r and s, 32 bytes each, as JOSE and COSE want them. Of P-256 only. */
  signFixed(data: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  /** Over a challenge: RSA as PSS with a salt of 32 bytes, the others as `sign` does. */
  signChallenge(data: Uint8Array): Promise<Der>;
}

interface Algorithm {
  readonly key: AlgorithmIdentifier | RsaHashedKeyGenParams | EcKeyGenParams;
  readonly use: AlgorithmIdentifier | EcdsaParams;
  readonly identifier: Der;
}

const ALGORITHMS: Readonly<Record<KeyType, Algorithm>> = {
  p256: {
    key: { name: 'ECDSA', namedCurve: 'P-256' },
    use: { name: 'ECDSA', hash: 'SHA-256' },
    identifier: sequence(oid('1.2.840.10045.4.3.2')),
  },
  p384: {
    key: { name: 'ECDSA', namedCurve: 'P-384' },
    use: { name: 'ECDSA', hash: 'SHA-384' },
    identifier: sequence(oid('1.2.840.10045.4.3.3')),
  },
  ed25519: { key: 'Ed25519', use: 'Ed25519', identifier: sequence(oid('1.3.101.112')) },
  rsa2048: {
    key: {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    use: 'RSASSA-PKCS1-v1_5',
    identifier: sequence(oid('1.2.840.113549.1.1.11'), nullValue()),
  },
};

export async function makeDeviceKey(
  type: KeyType = 'p256',
): Promise<{ readonly key: DeviceKey; readonly jwk: JsonWebKey }> {
  const pair = (await crypto.subtle.generateKey(ALGORITHMS[type].key, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
  return { key: await loadDeviceKey(jwk), jwk };
}

export async function loadDeviceKey(jwk: JsonWebKey): Promise<DeviceKey> {
  const type = typeOf(jwk);
  const { key, use, identifier } = ALGORITHMS[type];
  const privateKey = await crypto.subtle.importKey('jwk', jwk, key, false, ['sign']);
  const publicJwk = { ...pick(jwk), key_ops: ['verify'] };
  const publicKey = await crypto.subtle.importKey('jwk', publicJwk, key, true, ['verify']);
  const signFixed = async (data: Uint8Array) =>
    new Uint8Array(await crypto.subtle.sign(use, privateKey, new Uint8Array(data)));
  const sign = async (data: Uint8Array) => {
    const raw = await signFixed(data);
    return type === 'p256' || type === 'p384' ? ecdsaDer(raw) : raw;
  };
  return {
    type,
    spki: new Uint8Array(await crypto.subtle.exportKey('spki', publicKey)),
    signatureAlgorithm: identifier,
    sign,
    signFixed,
    signChallenge: type === 'rsa2048' ? (data) => signPss(jwk, data) : sign,
  };
}

async function signPss(jwk: JsonWebKey, data: Uint8Array): Promise<Der> {
  const { alg: _, ...bare } = jwk;
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('jwk', bare, algorithm, false, ['sign']);
  const how = { name: 'RSA-PSS', saltLength: 32 };
  return new Uint8Array(await crypto.subtle.sign(how, key, new Uint8Array(data)));
}

function typeOf({ kty, crv }: JsonWebKey): KeyType {
  if (kty === 'RSA') return 'rsa2048';
  if (crv === 'Ed25519') return 'ed25519';
  return crv === 'P-384' ? 'p384' : 'p256';
}

/** What a public key's JWK has (RFC 7518 section 6, RFC 8037 section 2). */
function pick({ kty, crv, x, y, n, e }: JsonWebKey): JsonWebKey {
  const all = { kty, crv, x, y, n, e };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function ecdsaDer(raw: Uint8Array): Der {
  const half = raw.length / 2;
  return sequence(integer(raw.subarray(0, half)), integer(raw.subarray(half)));
}

/** The uncompressed point of an elliptic curve's key (SEC 1 section 2.3.3). */
export function pointOf({ type, spki }: Pick<DeviceKey, 'type' | 'spki'>): Uint8Array {
  return spki.subarray(spki.length - (type === 'p384' ? 97 : 65));
}

/** SubjectPublicKeyInfo with a compressed point: what a DPP label carries. */
export function compressedSpki(key: Pick<DeviceKey, 'type' | 'spki'>): Der {
  const point = pointOf(key);
  const sign = ((point.at(-1) ?? 0) & 1) === 0 ? 2 : 3;
  const curve = oid(key.type === 'p384' ? '1.3.132.0.34' : '1.2.840.10045.3.1.7');
  const x = point.subarray(1, 1 + (point.length - 1) / 2);
  return sequence(sequence(oid('1.2.840.10045.2.1'), curve), bitString(new Uint8Array([sign, ...x])));
}
