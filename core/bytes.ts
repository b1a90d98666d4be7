/** Bytes and their text forms, for every runtime (no Buffer, no atob: both forgive what must be refused). */

const ENCODER = new TextEncoder();
const STRICT_DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const HEX = '0123456789abcdef';

/** Bytes backed by an ordinary ArrayBuffer: what WebCrypto, IndexedDB and fetch take. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Up to here a loop costs less than a call into the engine and a buffer outside its heap: V8 keeps 64 bytes inside. */
const SHORT = 64;

export function utf8(text: string): Bytes {
  if (text.length > SHORT) {
    const out = own?.zeros(text.length);
    // Of plain ASCII, as nearly all is: a byte for each character.
    if (out !== undefined && ENCODER.encodeInto(text, out).read === text.length) return out;
    return ENCODER.encode(text) as Bytes;
  }
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
  const out = zeros(length);
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

/** The text of every 12 bits. */
function pairsOf(alphabet: string): readonly string[] {
  return Array.from({ length: 4096 }, (_, bits) => alphabet.charAt(bits >> 6) + alphabet.charAt(bits & 63));
}

const BASE64_PAIRS = pairsOf(BASE64);
const BASE64URL_PAIRS = pairsOf(BASE64URL);

function encode(bytes: Uint8Array, pairs: readonly string[], pad: boolean): string {
  let out = '';
  const rest = bytes.length % 3;
  const whole = bytes.length - rest;
  for (let i = 0; i < whole; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += (pairs[word >> 12] ?? '') + (pairs[word & 4095] ?? '');
  }
  if (rest === 0) return out;
  const word = ((bytes[whole] ?? 0) << 16) | ((bytes[whole + 1] ?? 0) << 8);
  out += pairs[word >> 12] ?? '';
  if (rest === 2) out += (pairs[word & 4095] ?? '').charAt(0);
  return pad ? out + (rest === 1 ? '==' : '=') : out;
}

const BASE64_VALUES = tableOf(BASE64);
const BASE64URL_VALUES = tableOf(BASE64URL);

function tableOf(alphabet: string): Int16Array {
  const table = new Int16Array(128).fill(-1);
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i;
  return table;
}

/**
 * Strict decoding (RFC 4648 section 3.5): no foreign character, no padding inside, and the unused bits of the
 * last character must be zero. A lenient decoder maps up to four texts to the same bytes, so a changed text
 * could keep its signature.
 */
function decode(text: string, table: Int16Array): Bytes | undefined {
  const rest = text.length % 4;
  if (rest === 1) return undefined;
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  // A foreign character's value is -1, which keeps its sign through the shifts.
  const value = (i: number): number => table[text.charCodeAt(i)] ?? -1;
  const whole = text.length - rest;
  let at = 0;
  for (let i = 0; i < whole; i += 4) {
    const word = (value(i) << 18) | (value(i + 1) << 12) | (value(i + 2) << 6) | value(i + 3);
    if (word < 0) return undefined;
    out[at] = word >> 16;
    out[at + 1] = word >> 8;
    out[at + 2] = word;
    at += 3;
  }
  if (rest === 0) return out;
  const word = (value(whole) << 12) | (value(whole + 1) << 6) | (rest === 3 ? value(whole + 2) : 0);
  if (word < 0 || (word & (rest === 3 ? 0b11 : 0x3ff)) !== 0) return undefined;
  out[at] = word >> 10;
  if (rest === 3) out[at + 1] = word >> 2;
  return out;
}

/** Another way to the very same texts and bytes, no less strict. */
export interface OwnBytes {
  zeros(length: number): Bytes;
  /** base64url. */
  encode(bytes: Uint8Array): string;
  decode(text: string): Bytes | undefined;
}

let own: OwnBytes | undefined;

/** Takes a runtime's own way for what is longer than a digest, once, where a program starts. */
export function bytesWith(other: OwnBytes): void {
  own = other;
}

export function zeros(length: number): Bytes {
  return own !== undefined && length > SHORT ? own.zeros(length) : new Uint8Array(length);
}

/** base64url without padding (RFC 7515 section 2). */
export function toBase64Url(bytes: Uint8Array): string {
  return own !== undefined && bytes.length > SHORT
    ? own.encode(bytes)
    : encode(bytes, BASE64URL_PAIRS, false);
}

/** Strict inverse of {@link toBase64Url}; undefined for anything it cannot have written. */
export function fromBase64Url(text: string): Bytes | undefined {
  return own !== undefined && text.length > SHORT ? own.decode(text) : decode(text, BASE64URL_VALUES);
}

export function toBase64(bytes: Uint8Array): string {
  return encode(bytes, BASE64_PAIRS, true);
}

/** Strict base64 with its padding (RFC 4648 section 4); undefined otherwise. */
export function fromBase64(text: string): Bytes | undefined {
  if (text.length % 4 !== 0) return undefined;
  const body = text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text;
  return decode(body, BASE64_VALUES);
}
