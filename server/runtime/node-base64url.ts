import * as portable from '../../core/base64.ts';

/** Up to this length a loop is faster than a call into Node's Buffer (measured on Node 24). */
const SHORT = 64;

/** Node's `#base64url`: base64url without padding (RFC 7515 section 2), by Buffer. */
export function toBase64Url(bytes: Uint8Array): string {
  if (bytes.length <= SHORT) return portable.toBase64Url(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}

/**
 * Strict inverse of {@link toBase64Url}. Buffer decodes four times as fast as a loop but accepts invalid text, so the
 * result must encode to the same text again (RFC 4648 section 3.5). The bytes stay in the memory pool that Node
 * shares among small buffers, since copying them out would cost as much as decoding.
 */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length <= SHORT) return portable.fromBase64Url(text);
  const read: Buffer<ArrayBuffer> = Buffer.from(text, 'base64url');
  if (read.toString('base64url') !== text) return undefined;
  return new Uint8Array(read.buffer, read.byteOffset, read.length);
}
