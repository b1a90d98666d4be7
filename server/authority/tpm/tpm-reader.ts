/** The bytes are not a structure of a TPM, or are of a kind that is not supported. */
export class TpmError extends Error {
  override readonly name = 'TpmError';
}

/** Larger than any structure that is read here; checked first. */
const LARGEST = 2048;

/** Reads a structure as TPM 2.0 Part 2 lays it out: big-endian numbers, and buffers preceded by their size. */
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

  /** Reads a TPM2B: a size, then that many bytes. */
  sized(): Uint8Array {
    return this.bytes(this.u16());
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new TpmError('something follows the end');
  }
}
