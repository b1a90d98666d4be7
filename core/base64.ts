/** Base64 in both alphabets, for every runtime (no Buffer, no atob: both forgive what must be refused). */

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

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
function decode(text: string, table: Int16Array): Uint8Array<ArrayBuffer> | undefined {
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

/** base64url without padding (RFC 7515 section 2). */
export function toBase64Url(bytes: Uint8Array): string {
  return encode(bytes, BASE64URL_PAIRS, false);
}

/** Strict inverse of {@link toBase64Url}; undefined for anything it cannot have written. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return decode(text, BASE64URL_VALUES);
}

export function toBase64(bytes: Uint8Array): string {
  return encode(bytes, BASE64_PAIRS, true);
}

/** Strict base64 with its padding (RFC 4648 section 4); undefined otherwise. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined;
  const body = text.endsWith('==') ? text.slice(0, -2) : text.endsWith('=') ? text.slice(0, -1) : text;
  return decode(body, BASE64_VALUES);
}
