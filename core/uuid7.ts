import { toHex } from './bytes.ts';
import type { CryptoPort } from './crypto.ts';

/** UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 random bits. */
export function uuid7(ms: number, crypto: CryptoPort): string {
  const bytes = crypto.random(16);
  let time = ms;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
