import { bitString, type Der, integer, oid, sequence, set, tlv, utf8String } from './der.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** A device's own P-256 key: made once, kept in its state, never given out. */
export interface DeviceKey {
  readonly privateKey: CryptoKey;
  /** SubjectPublicKeyInfo, DER, uncompressed point. */
  readonly spki: Der;
}

export async function makeDeviceKey(): Promise<{ readonly key: DeviceKey; readonly jwk: JsonWebKey }> {
  const pair = await crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
  return { key: await loadDeviceKey(jwk), jwk };
}

export async function loadDeviceKey(jwk: JsonWebKey): Promise<DeviceKey> {
  const privateKey = await crypto.subtle.importKey('jwk', jwk, P256, false, ['sign']);
  const { d: _, ...open } = jwk;
  const publicKey = await crypto.subtle.importKey('jwk', { ...open, key_ops: ['verify'] }, P256, true, [
    'verify',
  ]);
  return { privateKey, spki: new Uint8Array(await crypto.subtle.exportKey('spki', publicKey)) };
}

/** The 65 bytes of the uncompressed point (SEC 1 section 2.3.3). */
export function pointOf(spki: Uint8Array): Uint8Array {
  return spki.subarray(spki.length - 65);
}

/** SubjectPublicKeyInfo with a compressed point: what a DPP label carries. */
export function compressedSpki(spki: Uint8Array): Der {
  const point = pointOf(spki);
  const sign = ((point[64] ?? 0) & 1) === 0 ? 2 : 3;
  const algorithm = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
  return sequence(algorithm, bitString(new Uint8Array([sign, ...point.subarray(1, 33)])));
}

/**
 * A PKCS#10 request (RFC 2986) signed with ECDSA and SHA-256.
 *
 * @param spki the key it names: the signer's own, unless the device lies
 */
export async function certificationRequest(
  signer: CryptoKey,
  spki: Uint8Array,
  commonName: string,
): Promise<Der> {
  const subject = sequence(set(sequence(oid('2.5.4.3'), utf8String(commonName))));
  const info = sequence(integer(new Uint8Array([0])), subject, spki, tlv(0xa0));
  const signature = new Uint8Array(
    await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, signer, info),
  );
  const asn1 = sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
  return sequence(info, sequence(oid('1.2.840.10045.4.3.2')), bitString(asn1));
}
