import { toBase64Url } from '../base64.ts';

/** Nordic's identity key, as far as a simulation has one: nobody outside can verify what it signs. */
export async function makeIdentityKey(): Promise<CryptoKey> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  return pair.privateKey;
}

const byteString = (bytes: Uint8Array) =>
  bytes.length < 24 ? [0x40 | bytes.length, ...bytes] : [0x58, bytes.length, ...bytes];

function unsigned(value: number): number[] {
  if (value < 24) return [value];
  if (value < 256) return [0x18, value];
  return [0x1a, value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** `D9 D9F7 | [9, uuid, tag, SHA-256, nonce]` in a COSE_Sign1 with ES256 and kid -2, base64url. */
export async function attestRequest(
  key: CryptoKey,
  about: { readonly uuid: Uint8Array; readonly tag: number; readonly digest: Uint8Array },
): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(16));
  const payload = new Uint8Array([
    ...[0xd9, 0xd9, 0xf7, 0x85, 9],
    ...byteString(about.uuid),
    ...byteString(new Uint8Array(unsigned(about.tag))),
    ...byteString(about.digest),
    ...byteString(nonce),
  ]);
  return toBase64Url(await sign1(key, payload));
}

/** The device's identity message with the challenge for a nonce, and its COSE_Sign1. */
export async function attestationToken(
  key: CryptoKey,
  uuid: Uint8Array,
  challenge: Uint8Array | undefined,
): Promise<string> {
  const nonce = challenge ?? crypto.getRandomValues(new Uint8Array(16));
  const message = new Uint8Array([
    ...[0xd9, 0xd9, 0xf7, 0x84, 1],
    ...byteString(uuid),
    ...byteString(new Uint8Array([0x0e, 0x0a, 0x0a, 0x01])),
    ...byteString(nonce),
  ]);
  return `${toBase64Url(message)}.${toBase64Url(await sign1(key, message))}`;
}

async function sign1(key: CryptoKey, payload: Uint8Array): Promise<Uint8Array> {
  const header = [0xa1, 0x01, 0x26];
  const context = [...new TextEncoder().encode('Signature1')];
  const toSign = new Uint8Array([
    ...[0x84, 0x6a, ...context],
    ...byteString(new Uint8Array(header)),
    0x40,
    ...byteString(payload),
  ]);
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, key, toSign));
  const kid = [0xa1, 0x04, 0x41, 0x21];
  return new Uint8Array([
    ...[0xd2, 0x84],
    ...byteString(new Uint8Array(header)),
    ...kid,
    ...byteString(payload),
    ...byteString(signature),
  ]);
}
