import type { Timer } from '../../core/clock.ts';
import type { ByteLink, Link } from '../ports/link.ts';

/** A device answers a question of ours sooner than this, over a slow link too; what comes later, nobody asked for. */
const UNASKED_MS = 300;

/** Listens beside the drivers while they ask: whether a device says anything at all, and whether it is still starting. */
export class Ears {
  /** What the drivers get: the same wire, on which we see when something was asked. */
  readonly link: Link;
  readonly #clock: Timer;
  readonly #stop: () => void;
  #heard = false;
  #unasked = false;
  #asked: number;

  constructor(link: Link, clock: Timer) {
    this.#clock = clock;
    this.#asked = clock.now();
    this.link = link.shape === 'bytes' ? this.#noting(link) : link;
    this.#stop = link.shape === 'bytes' ? link.listen((chunk) => this.#hear(chunk)) : () => undefined;
  }

  get heard(): boolean {
    return this.#heard;
  }

  /** Whether it spoke unasked since this was last called, as while it starts. A wrong guess costs only time. */
  spokeUnasked(): boolean {
    const unasked = this.#unasked;
    this.#unasked = false;
    return unasked;
  }

  stop(): void {
    this.#stop();
  }

  #hear(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#heard = true;
    if (this.#clock.now() - this.#asked > UNASKED_MS) this.#unasked = true;
  }

  #noting(link: ByteLink): ByteLink {
    return {
      kind: link.kind,
      shape: link.shape,
      lost: link.lost,
      write: (bytes, signal) => {
        this.#asked = this.#clock.now();
        return link.write(bytes, signal);
      },
      listen: (onBytes) => link.listen(onBytes),
      close: () => link.close(),
    };
  }
}
