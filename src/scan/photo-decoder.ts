import { ScanError } from './error.ts';
import { WorkerLane } from './lane.ts';
import { resultOf, type ScanResult } from './result.ts';
import type { ScanWorkers } from './workers.ts';

/** The decoder of stills. Started at the first picture, kept for the next; one picture at a time, others wait. */
export class PhotoDecoder {
  readonly #workers: ScanWorkers;
  #lane: WorkerLane | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(workers: ScanWorkers) {
    this.#workers = workers;
  }

  /** Rejects with ScanError: `no_code_found`, `photo_unreadable`, `photo_too_large`, `decoder_failed`, `stopped`. */
  read(image: Blob | ImageBitmap, signal?: AbortSignal): Promise<ScanResult> {
    const turn = this.#queue.then(() => this.#readNow(image, signal));
    this.#queue = turn.catch(() => {});
    return turn;
  }

  close(): void {
    this.#lane?.close();
    this.#lane = undefined;
  }

  async #readNow(image: Blob | ImageBitmap, signal: AbortSignal | undefined): Promise<ScanResult> {
    if (signal?.aborted === true) throw new ScanError('stopped');
    const lane = this.#open();
    // Passes run synchronously inside the worker, so the one way to stop them is to end it.
    const stop = () => this.close();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const { attempt } = await lane.readPhoto(image);
      if (attempt.kind !== 'read') throw new ScanError('no_code_found');
      return resultOf(attempt.reading);
    } catch (error) {
      if (error instanceof ScanError && error.code === 'decoder_failed') this.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  #open(): WorkerLane {
    this.#lane ??= new WorkerLane('photo', this.#workers);
    return this.#lane;
  }
}
