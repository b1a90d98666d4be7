import type { Value } from './engine.ts';

/** OIDs of element types in PostgreSQL's catalogue (pg_type.dat). */
const ELEMENT = { text: 25, bigint: 20, bytea: 17 } as const;
export type ElementType = keyof typeof ELEMENT;

/**
 * An array of one dimension in PostgreSQL's binary format (array_recv in its arrayfuncs.c): number of dimensions,
 * null flag, OID of the element type, length, lower bound; then each element with its length, -1 for null. In text
 * format every element would be quoted here and parsed again by PostgreSQL, character by character.
 */
export function binaryArray(type: ElementType, values: readonly Value[]): Buffer {
  let size = 20;
  for (const value of values) size += 4 + lengthOf(value);
  const out = Buffer.allocUnsafe(size);
  out.writeInt32BE(1, 0);
  out.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  out.writeInt32BE(ELEMENT[type], 8);
  out.writeInt32BE(values.length, 12);
  out.writeInt32BE(1, 16);
  let at = 20;
  for (const value of values) {
    const length = value === null ? -1 : write(value, out, at + 4);
    out.writeInt32BE(length, at);
    at += 4 + Math.max(length, 0);
  }
  return out;
}

function lengthOf(value: Value): number {
  if (value === null) return 0;
  if (typeof value === 'number') return 8;
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

/** Returns how many bytes were written. */
function write(value: string | number | Uint8Array, out: Buffer, at: number): number {
  if (typeof value === 'string') return out.write(value, at);
  if (typeof value === 'number') {
    out.writeBigInt64BE(BigInt(value), at);
    return 8;
  }
  out.set(value, at);
  return value.length;
}
