/** Bytes that are no structure of a TPM, or one of a kind not taken here. */
export class TpmError extends Error {
  override readonly name = 'TpmError';
}

/** Larger than any structure that is read here; looked at before anything else. */
const LARGEST = 2048;

/** Walks a structure as TPM 2.0 Part 2 lays it out: big-endian numbers, and buffers with their size in front. */
export class TpmReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    if (bytes.length > LARGEST) throw new TpmError('larger than the bound');
    this.#bytes = bytes;
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new TpmError('cut short');
    const out = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return out;
  }

  u16(): number {
    const [high = 0, low = 0] = this.bytes(2);
    return high * 256 + low;
  }

  u32(): number {
    return this.u16() * 65536 + this.u16();
  }

  /** TPM2B: a size, then so many bytes. */
  sized(): Uint8Array {
    return this.bytes(this.u16());
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new TpmError('something follows the end');
  }
}
