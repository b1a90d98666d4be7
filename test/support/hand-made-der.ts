import { readFileSync } from 'node:fs';
import { type Bytes, concat } from '../../core/bytes.ts';

/** DER by hand, for structures that no tool would write. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Bytes {
  const content = concat(...parts);
  const { length } = content;
  const header =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat(Uint8Array.of(tag, ...header), content);
}

/** Nordic's own published answer: its ecdsa-with-SHA256 carries NULL parameters, against RFC 5758. */
export function nordicCsr(): Bytes {
  const file = new URL('../fixtures/vectors/nordic-keygen.json', import.meta.url);
  const { keygen } = JSON.parse(readFileSync(file, 'utf8')) as { keygen: string };
  return new Uint8Array(Buffer.from(keygen.split('.')[0] ?? '', 'base64url'));
}
