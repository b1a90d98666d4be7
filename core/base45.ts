import type { Bytes } from './bytes.ts';

/** RFC 9285: the characters of a QR code's alphanumeric mode, in which three of them take the room of two bytes. */
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

export function toBase45(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 2) {
    const pair = i + 1 < bytes.length;
    let value = pair ? (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0) : (bytes[i] ?? 0);
    for (let n = pair ? 3 : 2; n > 0; n--) {
      text += LETTERS[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

/** Strict: one text for one sequence of bytes. Undefined for anything else. */
export function fromBase45(text: string): Bytes | undefined {
  if (text.length % 3 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor(text.length / 3) * 2 + (text.length % 3 === 2 ? 1 : 0));
  let at = 0;
  for (let i = 0; i < text.length; i += 3) {
    const places = [...text.slice(i, i + 3)].map((letter) => LETTERS.indexOf(letter));
    if (places.includes(-1)) return undefined;
    const value = places.reduceRight((sum, place) => sum * 45 + place, 0);
    if (value > (places.length === 3 ? 0xffff : 0xff)) return undefined;
    if (places.length === 3) bytes[at++] = value >> 8;
    bytes[at++] = value & 0xff;
  }
  return bytes;
}
