/** Bytes and their text forms, for every runtime. */

export { fromBase64Url, toBase64Url } from '#base64url';
export { fromBase64, toBase64 } from './base64.ts';

const ENCODER = new TextEncoder();
const STRICT_DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const HEX = '0123456789abcdef';

/** Bytes on an ordinary ArrayBuffer, which may hold more than these: what WebCrypto, IndexedDB and fetch take. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Up to here a loop costs less than a call into the engine and a buffer outside its heap: V8 keeps 64 bytes inside. */
const SHORT = 64;

export function utf8(text: string): Bytes {
  if (text.length > SHORT) return ENCODER.encode(text) as Bytes;
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return ENCODER.encode(text) as Bytes;
    out[i] = code;
  }
  return out;
}

/** Text of UTF-8 bytes, or undefined if they are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return STRICT_DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const b of bytes) out += HEX.charAt(b >> 4) + HEX.charAt(b & 15);
  return out;
}

/** Bytes of an even-length hexadecimal text, either case; undefined otherwise. */
export function fromHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16);
  return out;
}
