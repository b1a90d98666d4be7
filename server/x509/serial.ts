import { toHex } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';

/**
 * A serial of 128 bits as hex, positive and always of full length: the top bit is clear and the next one set, the
 * rest is random. CA/Browser Forum Baseline Requirements 7.1 demand 64 random bits, RFC 5280 section 4.1.2.2 at most
 * 20 octets.
 */
export function newSerial(crypto: CryptoPort): string {
  const bytes = crypto.random(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return toHex(bytes);
}
