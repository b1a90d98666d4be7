import type { Bytes, OwnBytes } from '../../core/bytes.ts';

/**
 * Memory that short-lived bytes are cut from: an array of its own for each costs five times as much to make and to collect
 * (measured on Node 24). No place is given out twice, and one that is kept for long keeps no more than this alive.
 */
const SLAB = 16 * 1024;
/** Longer ones are their own. */
const LONGEST = SLAB / 4;
let slab = new ArrayBuffer(SLAB);
let used = 0;

/**
 * Bytes and base64url in Node's own way. Its Buffer decodes four times as fast as a loop and forgives what must be refused:
 * so what it read must be what it would have written (RFC 4648 section 3.5), character by character.
 */
export const nodeBytes: OwnBytes = {
  zeros(length) {
    if (length > LONGEST) return new Uint8Array(length);
    if (used + length > SLAB) {
      slab = new ArrayBuffer(SLAB);
      used = 0;
    }
    const out = new Uint8Array(slab, used, length);
    used += length;
    return out;
  },
  encode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url'),
  decode(text) {
    const read: Buffer<ArrayBuffer> = Buffer.from(text, 'base64url');
    if (read.toString('base64url') !== text) return undefined;
    // Node cuts it from such a slab as well, and gives no place out twice.
    return new Uint8Array(read.buffer, read.byteOffset, read.length) as Bytes;
  },
};
