import type { Misbehaviour } from './firmware.ts';

/** What leaves the device, made worse where the device misbehaves. One per connection. */
export class Wire {
  readonly #out: (bytes: Uint8Array) => void;
  readonly #cut: () => void;
  readonly #misbehaviour: () => Misbehaviour | undefined;
  readonly #dropped: () => void;
  #sent = 0;
  #open = true;

  constructor(
    out: (bytes: Uint8Array) => void,
    cut: () => void,
    misbehaviour: () => Misbehaviour | undefined,
    dropped: () => void,
  ) {
    this.#out = out;
    this.#cut = cut;
    this.#misbehaviour = misbehaviour;
    this.#dropped = dropped;
  }

  send(bytes: Uint8Array): void {
    const how = this.#misbehaviour();
    if (!this.#open || how?.kind === 'silent') return;
    if (how?.kind === 'garbage') {
      this.#out(crypto.getRandomValues(new Uint8Array(bytes.length)));
      return;
    }
    const left = how?.kind === 'drop' ? how.afterBytes - this.#sent : bytes.length;
    this.#sent += bytes.length;
    if (left >= bytes.length) {
      this.#out(bytes);
      return;
    }
    if (left > 0) this.#out(bytes.subarray(0, left));
    this.close();
    this.#dropped();
    this.#cut();
  }

  close(): void {
    this.#open = false;
  }
}
