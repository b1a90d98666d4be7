/** Just enough DER (X.690) to write a certification request. */
export type Der = Uint8Array<ArrayBuffer>;

export function tlv(tag: number, ...content: readonly Uint8Array[]): Der {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 255];
  const out = new Uint8Array(head.length + length);
  out.set(head);
  let at = head.length;
  for (const part of content) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const sequence = (...content: readonly Uint8Array[]): Der => tlv(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Der => tlv(0x31, ...content);
export const utf8String = (text: string): Der => tlv(0x0c, new TextEncoder().encode(text));
export const bitString = (bytes: Uint8Array): Der => tlv(0x03, new Uint8Array([0]), bytes);

export const nullValue = (): Der => tlv(0x05);

/** A non-negative INTEGER of these big-endian bytes, in its shortest form. */
export function integer(bytes: Uint8Array): Der {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const rest = bytes.subarray(from);
  return (rest[0] ?? 0) >= 0x80 ? tlv(0x02, new Uint8Array([0]), rest) : tlv(0x02, rest);
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [first * 40 + second];
  for (const arc of rest) {
    const septets = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) septets.unshift((left & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return tlv(0x06, new Uint8Array(bytes));
}
