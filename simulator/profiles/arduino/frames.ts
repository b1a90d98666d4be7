/** The board's own framing (PacketManager.cpp): CRC with the plain polynomial, both reflections done by hand. */
export function frame(type: number, payload: readonly number[]): Uint8Array {
  const crc = checksum(payload);
  const length = payload.length + 2;
  return new Uint8Array([
    ...[0x55, 0xaa, type, length >> 8, length & 255],
    ...payload,
    ...[crc >> 8, crc & 255, 0xaa, 0x55],
  ]);
}

const reflect = (value: number, bits: number) => {
  let out = 0;
  for (let bit = 0; bit < bits; bit++) if (value & (1 << bit)) out |= 1 << (bits - 1 - bit);
  return out;
};

function checksum(bytes: readonly number[]): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= reflect(byte, 8) << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return reflect(crc, 16) ^ 0xffff;
}

export type Taken = 'more' | 'error' | { readonly type: number; readonly payload: readonly number[] };

/** Byte by byte: a header of five, the payload, a trailer of four. A wrong one is an error only when it is whole. */
export class FrameTaker {
  #bytes: number[] = [];

  take(byte: number): Taken {
    this.#bytes.push(byte);
    const bytes = this.#bytes;
    if (bytes.length < 5) return 'more';
    const size = ((bytes[3] ?? 0) << 8) | (bytes[4] ?? 0);
    if (bytes[0] !== 0x55 || bytes[1] !== 0xaa || size < 2) return this.#fail();
    if (bytes.length < size + 7) return 'more';
    const payload = bytes.slice(5, 3 + size);
    const crc = checksum(payload);
    const trailer = bytes.slice(3 + size);
    const right = [crc >> 8, crc & 255, 0xaa, 0x55].every((one, i) => trailer[i] === one);
    const type = bytes[2] ?? 0;
    if (!right || (type !== 2 && type !== 3)) return this.#fail();
    this.#bytes = [];
    return { type, payload };
  }

  #fail(): 'error' {
    this.#bytes = [];
    return 'error';
  }
}
