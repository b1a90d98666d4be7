import type { Base64Url } from '../../core/bytes.ts';

/**
 * base64url by Node's Buffer, which decodes four times as fast as a loop and forgives what must be refused: so what it
 * read must be what it would have written (RFC 4648 section 3.5), character by character.
 */
export const nodeBase64Url: Base64Url = {
  encode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url'),
  decode(text) {
    const read = Buffer.from(text, 'base64url');
    return read.toString('base64url') === text ? new Uint8Array(read) : undefined;
  },
};
