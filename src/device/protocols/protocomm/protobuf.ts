import { type Bytes, concat } from '../../../../core/bytes.ts';

/**
 * Protocol Buffers' wire format (protobuf.dev/programming-guides/encoding), as much as protocomm's few messages use: varints,
 * and bytes for text, bytes and messages alike. A hand-written reader, because the schema compiler's runtime is larger
 * than every message here together.
 */
export type ProtoValue = number | Uint8Array | undefined;

/** More fields than any message of ours has; a device that sends more is not one of these. */
const MOST_FIELDS = 64;

/** Writes fields in the order given. A zero and an absent value are left out, as proto3 has it; empty messages stay. */
export function protoBytes(...fields: readonly (readonly [field: number, value: ProtoValue])[]): Bytes {
  const parts: Uint8Array[] = [];
  for (const [field, value] of fields) {
    if (value === undefined || value === 0) continue;
    if (typeof value === 'number') parts.push(varint(field * 8), varint(value));
    else parts.push(varint(field * 8 + 2), varint(value.length), value);
  }
  return concat(...parts);
}

/** A message as it was read. Unknown fields are passed over; of a field that comes twice the last one counts. */
export class ProtoMessage {
  readonly #fields: readonly (readonly [field: number, value: number | Uint8Array])[];

  constructor(fields: readonly (readonly [field: number, value: number | Uint8Array])[]) {
    this.#fields = fields;
  }

  /** The number in this field; 0 if it is absent, as proto3 reads it. */
  int(field: number): number {
    return (
      (this.#fields.findLast(([at, value]) => at === field && typeof value === 'number')?.[1] as
        | number
        | undefined) ?? 0
    );
  }

  bytes(field: number): Bytes | undefined {
    return this.all(field).at(-1);
  }

  /** Every occurrence of a repeated field of bytes. */
  all(field: number): readonly Bytes[] {
    return this.#fields.flatMap(([at, value]) =>
      at === field && typeof value !== 'number' ? [value.slice() as Bytes] : [],
    );
  }

  /** The message in this field; undefined if it is absent or malformed. */
  message(field: number): ProtoMessage | undefined {
    const bytes = this.bytes(field);
    return bytes === undefined ? undefined : readProto(bytes);
  }
}

/** The fields of one message; undefined unless the bytes are exactly a message. */
export function readProto(bytes: Uint8Array): ProtoMessage | undefined {
  const from = { bytes, at: 0 };
  const fields: (readonly [number, number | Uint8Array])[] = [];
  while (from.at < bytes.length) {
    if (fields.length === MOST_FIELDS) return undefined;
    const key = readVarint(from);
    if (key === undefined || key < 8 || key > 0xffff_ffff) return undefined;
    const value = readValue(from, key % 8);
    if (value === undefined) return undefined;
    if (value !== 'skipped') fields.push([Math.floor(key / 8), value]);
  }
  return new ProtoMessage(fields);
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function readValue(from: Cursor, wire: number): number | Uint8Array | 'skipped' | undefined {
  if (wire === 0) return readVarint(from);
  // Fixed 64 and 32 bits: in no message we know, so only passed over. Groups (3, 4) are gone from proto3.
  const fixed = wire === 1 ? 8 : wire === 5 ? 4 : undefined;
  const length = fixed ?? (wire === 2 ? readVarint(from) : undefined);
  if (length === undefined || length < 0 || length > from.bytes.length - from.at) return undefined;
  from.at += length;
  return fixed === undefined ? from.bytes.subarray(from.at - length, from.at) : 'skipped';
}

/** A varint as a signed 64-bit number (int32 is sent sign-extended), if JavaScript can hold it exactly. */
function readVarint(from: Cursor): number | undefined {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = from.bytes[from.at++];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) {
      const signed = Number(BigInt.asIntN(64, value));
      return Number.isSafeInteger(signed) ? signed : undefined;
    }
  }
  return undefined;
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 0x80n; left >>= 7n) out.push(Number(left & 0x7fn) | 0x80);
  return Uint8Array.of(...out, Number(left));
}
