import type { Bytes } from '../../../core/bytes.ts';
import type { ByteLink } from '../../ports/link.ts';
import type { SmpCarrier } from './smp-client.ts';
import { ConsoleSmpReader, encodeConsoleSmp } from './smp-console.ts';

/** Carries SMP packets over a console that is also a shell and prints logs (Zephyr CONFIG_MCUMGR_TRANSPORT_SHELL). */
export class ConsoleSmpCarrier implements SmpCarrier {
  readonly lost: AbortSignal;
  readonly #link: ByteLink;
  readonly #stop: () => void;
  readonly #reader = new ConsoleSmpReader();
  #take: (packet: Bytes) => void = () => undefined;

  constructor(link: ByteLink) {
    this.#link = link;
    this.lost = link.lost;
    this.#stop = link.listen((chunk) => {
      for (const packet of this.#reader.add(chunk)) this.#take(packet);
    });
  }

  onPacket(take: (packet: Bytes) => void): void {
    this.#take = take;
  }

  send(packet: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#link.write(encodeConsoleSmp(packet), signal);
  }

  /** Stops listening; the link stays open. */
  release(): void {
    this.#stop();
  }
}
