import type { PhotoUpload } from '../ports/photos.ts';

/** Sends photos while no record waits. A record that is about to go pauses them; they go on when asked again. */
export class PausablePhotoUpload implements PhotoUpload {
  readonly #upload: (force: boolean, signal: AbortSignal) => Promise<void>;
  #running = new AbortController();

  constructor(upload: (force: boolean, signal: AbortSignal) => Promise<void>) {
    this.#upload = upload;
  }

  pause(): void {
    this.#running.abort();
    this.#running = new AbortController();
  }

  async go(force: boolean): Promise<void> {
    try {
      await this.#upload(force, this.#running.signal);
    } catch {
      // Kept as it is; the next round of the outbox starts it again, and says what is wrong with the storage.
    }
  }
}
