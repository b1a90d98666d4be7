import { type Bytes, concat } from '../../../core/bytes.ts';
import { SMP_HEADER, smpLength } from './smp-packet.ts';

/**
 * Puts an SMP packet together from notifications: Bluetooth adds no framing of its own, the packet is only cut at the
 * ATT MTU, and the header tells where it ends (smp_transport.rst). A length beyond `limit` or an operation that is no
 * answer means we lost our place: what was gathered is dropped and the next notification starts anew.
 */
export class SmpReassembly {
  readonly #limit: number;
  #gathered: Bytes = new Uint8Array(0);

  /** @param limit longest packet accepted, in bytes, header included */
  constructor(limit = 16_384) {
    this.#limit = limit;
  }

  /** Packets completed by this piece, each whole. */
  add(piece: Uint8Array): readonly Bytes[] {
    const whole: Bytes[] = [];
    this.#gathered = concat(this.#gathered, piece);
    for (;;) {
      const length = smpLength(this.#gathered);
      if (length === undefined) {
        if (this.#gathered.length > 0 && !isAnswer(this.#gathered)) this.reset();
        return whole;
      }
      if (length > this.#limit || !isAnswer(this.#gathered)) {
        this.reset();
        return whole;
      }
      if (this.#gathered.length < length) return whole;
      whole.push(this.#gathered.slice(0, length));
      this.#gathered = this.#gathered.slice(length);
    }
  }

  /** Forgets a half-received packet, as when the next request is about to be sent. */
  reset(): void {
    this.#gathered = new Uint8Array(0);
  }

  /** Bytes buffered for a packet that is not whole yet: never more than the limit and one piece. */
  get buffered(): number {
    return this.#gathered.length;
  }
}

/** Only responses (operations 1 and 3) come from a device; the three reserved bits are zero. */
function isAnswer(start: Uint8Array): boolean {
  const first = start[0] ?? 0;
  return first >> 5 === 0 && (first & 7) < 4 && (start.length < SMP_HEADER || (first & 1) === 1);
}
