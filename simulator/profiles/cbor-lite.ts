/** CBOR (RFC 8949) of what SMP's groups 0, 8 and 9 use: maps with text keys, text, bytes, arrays, whole numbers. */
export type Cbor = string | number | Uint8Array | readonly Cbor[] | { readonly [key: string]: Cbor };
export type CborMap = Readonly<Record<string, Cbor>>;

export function encodeCbor(value: Cbor): number[] {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') {
    const bytes = new TextEncoder().encode(value);
    return [...head(3, bytes.length), ...bytes];
  }
  if (value instanceof Uint8Array) return [...head(2, value.length), ...value];
  if (isArray(value)) return [...head(4, value.length), ...value.flatMap(encodeCbor)];
  const entries = Object.entries(value);
  return [
    ...head(5, entries.length),
    ...entries.flatMap(([key, one]) => [...encodeCbor(key), ...encodeCbor(one)]),
  ];
}

/** The value in these bytes; undefined if they hold anything else or anything more. */
export function decodeCbor(bytes: Uint8Array): Cbor | undefined {
  try {
    const reader = { bytes, at: 0 };
    const value = read(reader, 0);
    return reader.at === bytes.length ? value : undefined;
  } catch {
    return undefined;
  }
}

function isArray(value: Cbor): value is readonly Cbor[] {
  return Array.isArray(value);
}

function head(major: number, value: number): number[] {
  if (value < 24) return [(major << 5) | value];
  if (value < 256) return [(major << 5) | 24, value];
  return [(major << 5) | 25, (value >> 8) & 255, value & 255];
}

function read(from: { readonly bytes: Uint8Array; at: number }, depth: number): Cbor {
  if (depth > 8) throw new Error('too deep');
  const first = from.bytes[from.at++];
  if (first === undefined) throw new Error('short');
  const major = first >> 5;
  const count = readCount(from, first & 31);
  if (major === 0) return count;
  if (major === 1) return -1 - count;
  if (count > from.bytes.length - from.at) throw new Error('short');
  if (major === 2 || major === 3) {
    from.at += count;
    const bytes = from.bytes.slice(from.at - count, from.at);
    return major === 2 ? bytes : new TextDecoder().decode(bytes);
  }
  if (major === 4) return Array.from({ length: count }, () => read(from, depth + 1));
  if (major !== 5) throw new Error('unknown');
  return Object.fromEntries(
    Array.from({ length: count }, () => [String(read(from, depth + 1)), read(from, depth + 1)] as const),
  );
}

function readCount(from: { readonly bytes: Uint8Array; at: number }, info: number): number {
  const size = info < 24 ? 0 : info === 24 ? 1 : info === 25 ? 2 : info === 26 ? 4 : -1;
  if (size < 0) throw new Error('unknown');
  let value = size === 0 ? info : 0;
  for (let i = 0; i < size; i++) value = value * 256 + (from.bytes[from.at++] ?? 0);
  return value;
}
