import { type Bytes, utf8 } from '../../core/bytes.ts';
import { TAG } from '../../core/der.ts';

/** Writes DER (ITU-T X.690), with definite lengths in their shortest form. Supports only what certificates and CRLs need. */

export function tlv(tag: number, ...content: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of content) length += part.length;
  const size = sizeOfLength(length);
  const out = new Uint8Array(1 + size + length);
  out[0] = tag;
  if (size === 1) out[1] = length;
  else {
    out[1] = 0x80 | (size - 1);
    for (let at = size, rest = length; at > 1; at--, rest = Math.floor(rest / 256)) out[at] = rest % 256;
  }
  let at = 1 + size;
  for (const part of content) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** How many bytes the length takes. */
function sizeOfLength(length: number): number {
  if (length < 0x80) return 1;
  let size = 1;
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size++;
  return size;
}

export function sequence(...content: readonly Uint8Array[]): Bytes {
  return tlv(TAG.sequence, ...content);
}

export function setOf(only: Uint8Array): Bytes {
  return tlv(TAG.set, only);
}

/** Non-negative integer from its big-endian magnitude: leading zeros are removed, and one is added if the top bit is set. */
export function unsigned(magnitude: Uint8Array): Bytes {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const bytes = magnitude.length === 0 ? Uint8Array.of(0) : magnitude.subarray(start);
  return (bytes[0] ?? 0) >= 0x80 ? tlv(TAG.integer, Uint8Array.of(0), bytes) : tlv(TAG.integer, bytes);
}

/** Non-negative integer below 2^53. */
export function smallInteger(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return unsigned(Uint8Array.from(bytes));
}

/** Object identifier from dotted text. */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(TAG.oid, ...[first * 40 + second, ...rest].map(base128));
}

function base128(arc: number): Bytes {
  const bytes = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift(0x80 | (rest % 128));
  }
  return Uint8Array.from(bytes);
}

export function utf8String(text: string): Bytes {
  return tlv(TAG.utf8String, utf8(text));
}

export function octets(content: Uint8Array): Bytes {
  return tlv(TAG.octetString, content);
}

/** BIT STRING of whole bytes. */
export function bits(content: Uint8Array): Bytes {
  return tlv(TAG.bitString, Uint8Array.of(0), content);
}

/** BIT STRING of named bits: trailing zero bits are left out (X.690 section 11.2.2). `set` are bit numbers below 8. */
export function namedBits(...set: readonly number[]): Bytes {
  let byte = 0;
  for (const bit of set) byte |= 0x80 >> bit;
  return tlv(TAG.bitString, Uint8Array.of(7 - Math.max(...set), byte));
}

export const TRUE: Bytes = tlv(TAG.boolean, Uint8Array.of(0xff));

/** Time in the form of certificates and CRLs: UTCTime through 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5). */
export function time(ms: number): Bytes {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return Number(digits.slice(0, 4)) < 2050
    ? tlv(TAG.utcTime, utf8(`${digits.slice(2)}Z`))
    : tlv(TAG.generalizedTime, utf8(`${digits}Z`));
}

/** GeneralizedTime in whole seconds, which OCSP uses for any year (RFC 6960 section 4.2.2). */
export function generalizedTime(ms: number): Bytes {
  return tlv(TAG.generalizedTime, utf8(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}
