import type { Firmware } from './firmware.ts';
import { SMP_HEADER, type SmpGroups } from './smp-groups.ts';

/** SMP on a GATT characteristic: gathers writes into packets, answers in notifications cut at the MTU. */
export class SmpServer {
  readonly #groups: SmpGroups;
  readonly #firmware: Firmware;
  readonly #notify: (value: Uint8Array) => void;
  #gathered: number[] = [];
  #work: Promise<unknown> = Promise.resolve();

  constructor(groups: SmpGroups, firmware: Firmware, notify: (value: Uint8Array) => void) {
    this.#groups = groups;
    this.#firmware = firmware;
    this.#notify = notify;
  }

  /** False if the value is longer than the MTU lets through: a real link never delivers it. */
  write(value: Uint8Array): boolean {
    if (value.length > this.#firmware.attMtu - 3) return false;
    this.#gathered.push(...value);
    while (this.#gathered.length >= SMP_HEADER) {
      const length = SMP_HEADER + (this.#gathered[2] ?? 0) * 256 + (this.#gathered[3] ?? 0);
      if (length > this.#firmware.smpBuffer) {
        this.#gathered = [];
        return true;
      }
      if (this.#gathered.length < length) return true;
      const packet = this.#gathered.splice(0, length);
      this.#work = this.#work.then(async () => this.#send(await this.#groups.answer(new Uint8Array(packet))));
    }
    return true;
  }

  /** Resolves when every packet received so far has been answered. */
  async settled(): Promise<void> {
    await this.#work;
  }

  #send(answer: Uint8Array): void {
    const piece = this.#firmware.attMtu - 3;
    for (let at = 0; at < answer.length; at += piece) this.#notify(answer.slice(at, at + piece));
  }
}
