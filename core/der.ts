import type { Bytes } from './bytes.ts';

/**
 * Strict, bounded reader of DER (ITU-T X.690): definite lengths in their shortest form, single-byte tags, nothing after
 * the end. It makes no object tree: a caller walks the elements it expects and everything else is an error.
 */

/** Larger than any certification request we take; checked before anything else looks at the bytes. */
export const MAX_DER_LENGTH = 16 * 1024;

export class DerError extends Error {
  override readonly name = 'DerError';
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element. `whole` includes tag and length; both are views, not copies. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** Walks the elements side by side in one content. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Tag of the next element, or undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** The next element, which must carry `tag` if one is given. */
  next(tag?: number): Element {
    const bytes = this.#bytes;
    const start = this.#at;
    const found = bytes[start];
    if (found === undefined) throw new DerError('an element is missing');
    if ((found & 0x1f) === 0x1f) throw new DerError('multi-byte tags are not used here');
    if (tag !== undefined && found !== tag) throw new DerError(`tag ${found}, expected ${tag}`);
    const first = bytes[start + 1];
    if (first === undefined) throw new DerError('the length is missing');
    let length = first;
    let header = 2;
    if (first >= 0x80) {
      const count = first & 0x7f;
      if (count === 0 || count > 3) throw new DerError('indefinite or oversized length');
      length = 0;
      for (let i = 0; i < count; i++) {
        const part = bytes[start + 2 + i];
        if (part === undefined) throw new DerError('the length is cut short');
        length = length * 256 + part;
      }
      header += count;
      if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError('length not in its shortest form');
    }
    const end = start + header + length;
    if (end > bytes.length) throw new DerError('the content is cut short');
    this.#at = end;
    return { tag: found, content: bytes.subarray(start + header, end), whole: bytes.subarray(start, end) };
  }

  /** The next element if it carries `tag`. */
  optional(tag: number): Element | undefined {
    return this.peek() === tag ? this.next(tag) : undefined;
  }

  /** Passes over a NULL, which is empty: with content in it, one key or request would have many spellings. */
  null(): void {
    if (this.next(TAG.null).content.length > 0) throw new DerError('NULL has no content');
  }

  /** Reader over the content of the next element, which must carry `tag`. */
  enter(tag: number): DerReader {
    return new DerReader(this.next(tag).content);
  }

  /** Fails if anything is left. */
  end(): void {
    if (!this.done) throw new DerError('something follows the end');
  }
}

/** Reader over one outermost element that is the whole input. */
export function enterDer(der: Uint8Array, tag: number): DerReader {
  if (der.length > MAX_DER_LENGTH) throw new DerError('larger than the bound');
  const outer = new DerReader(der);
  const inner = outer.enter(tag);
  outer.end();
  return inner;
}

/** Bits of a BIT STRING that holds whole bytes. */
export function bitStringBytes(content: Uint8Array): Uint8Array {
  if (content[0] !== 0) throw new DerError('a bit string of whole bytes was expected');
  return content.subarray(1);
}

/** Dotted text of an OBJECT IDENTIFIER's content. */
export function oidText(content: Uint8Array): string {
  if (content.length === 0 || content.length > 32) throw new DerError('object identifier of a wrong length');
  const arcs: number[] = [];
  let value = 0;
  let start = true;
  for (const byte of content) {
    if (start && byte === 0x80) throw new DerError('object identifier not in its shortest form');
    if (value > 0xffffff) throw new DerError('an arc is too large');
    value = value * 128 + (byte & 0x7f);
    start = (byte & 0x80) === 0;
    if (start) {
      arcs.push(value);
      value = 0;
    }
  }
  if (!start) throw new DerError('object identifier cut short');
  const first = arcs[0] ?? 0;
  const top = first < 40 ? 0 : first < 80 ? 1 : 2;
  return [top, first - top * 40, ...arcs.slice(1)].join('.');
}

/** A non-negative INTEGER's magnitude, left-padded to `size` bytes. */
export function unsignedInteger(content: Uint8Array, size: number): Bytes {
  const [first, second] = content;
  if (first === undefined || first >= 0x80) throw new DerError('a non-negative integer was expected');
  if (first === 0 && content.length > 1 && (second ?? 0) < 0x80)
    throw new DerError('integer not in its shortest form');
  const magnitude = first === 0 ? content.subarray(1) : content;
  if (magnitude.length > size) throw new DerError('integer too large');
  const out = new Uint8Array(size);
  out.set(magnitude, size - magnitude.length);
  return out;
}
