/** Protocol Buffers for the simulator's own use. It shares nothing with the app's reader, or both could be wrong alike. */
export interface Proto {
  readonly numbers: ReadonlyMap<number, number>;
  readonly blobs: ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
}

export function parseProto(bytes: Uint8Array): Proto | undefined {
  const numbers = new Map<number, number>();
  const blobs = new Map<number, Uint8Array<ArrayBuffer>>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 49) throw new Error('not a varint');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  try {
    while (at < bytes.length) {
      const key = varint();
      if (key % 8 === 0) numbers.set(key >> 3, varint());
      else if (key % 8 === 2) {
        const length = varint();
        if (at + length > bytes.length) return undefined;
        blobs.set(key >> 3, new Uint8Array(bytes.slice(at, at + length)));
        at += length;
      } else return undefined;
    }
    return { numbers, blobs };
  } catch {
    return undefined;
  }
}

export function inner(proto: Proto | undefined, field: number): Proto | undefined {
  const blob = proto?.blobs.get(field);
  return blob === undefined ? undefined : parseProto(blob);
}

/** `[field, number | bytes | text]`; zeros are left out, as protobuf-c does. */
export function writeProto(
  ...fields: readonly (readonly [number, number | Uint8Array | string])[]
): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const varint = (value: number) => {
    // int32 below zero goes out in ten bytes, sign-extended.
    if (value < 0) {
      let rest = BigInt(value) + 2n ** 64n;
      for (; rest > 127n; rest /= 128n) out.push(Number(rest % 128n) + 128);
      out.push(Number(rest));
      return;
    }
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
    out.push(rest);
  };
  for (const [field, value] of fields) {
    if (value === 0) continue;
    if (typeof value === 'number') {
      varint(field << 3);
      varint(value);
      continue;
    }
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    varint((field << 3) + 2);
    varint(bytes.length);
    for (const byte of bytes) out.push(byte);
  }
  return new Uint8Array(out);
}
