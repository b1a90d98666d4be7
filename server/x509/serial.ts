import { toHex } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';

/**
 * 128 random bits as hex, positive and never shorter: CA/Browser Forum Baseline Requirements 7.1 ask for 64 bits from a
 * generator, RFC 5280 section 4.1.2.2 for at most 20 octets. The top bit is clear and the next one set.
 */
export function newSerial(crypto: CryptoPort): string {
  const bytes = crypto.random(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return toHex(bytes);
}
