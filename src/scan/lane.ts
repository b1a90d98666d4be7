import type { FromLane, LaneRole } from './decode/protocol.ts';
import type { Attempt } from './decode/reading.ts';
import { ScanError } from './error.ts';
import type { ScanWorkers } from './workers.ts';

/** Something that reads one image at a time. */
export interface Lane {
  readonly busy: boolean;
  /** Takes the frame over and closes it. Rejects with ScanError only. */
  read(frame: ImageBitmap | VideoFrame, region: LaneRegion | undefined): Promise<LaneAttempt>;
  close(): void;
}

export interface LaneRegion {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface LaneAttempt {
  readonly attempt: Attempt;
  /** 0..255; undefined if this lane does not know. */
  readonly brightness: number | undefined;
}

interface Waiting {
  readonly id: number;
  resolve(attempt: LaneAttempt): void;
  reject(error: ScanError): void;
}

/** A worker with one request under way at most. When the worker dies, the request and all later ones fail. */
export class WorkerLane implements Lane {
  readonly #worker: Worker;
  #waiting: Waiting | undefined;
  #dead: ScanError | undefined;
  #nextId = 1;
  #opened: (error?: ScanError) => void = () => {};
  #buried: () => void = () => {};
  /** Resolves when the decoder is compiled; rejects with `decoder_failed` or `stopped`. */
  readonly ready: Promise<void>;
  /** Resolves when the worker is gone, by itself or by close(). */
  readonly died: Promise<void>;

  constructor(role: LaneRole, workers: ScanWorkers) {
    this.#worker = workers.make(role);
    this.ready = new Promise((resolve, reject) => {
      this.#opened = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.died = new Promise((resolve) => {
      this.#buried = resolve;
    });
    // Whoever waits for it is told; nobody waiting is no error.
    this.ready.catch(() => {});
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromLane>) => this.#hear(data));
    this.#worker.addEventListener('error', (event) =>
      this.#die(new ScanError('decoder_failed', event.message)),
    );
    this.#worker.addEventListener('messageerror', () => this.#die(new ScanError('decoder_failed')));
    this.#worker.postMessage({ kind: 'open', role, wasmUrl: workers.wasmUrl });
  }

  get busy(): boolean {
    return this.#waiting !== undefined || this.#dead !== undefined;
  }

  read(frame: ImageBitmap | VideoFrame, region: LaneRegion | undefined): Promise<LaneAttempt> {
    if (this.busy) frame.close();
    return this.#ask((id) => this.#worker.postMessage({ kind: 'frame', id, frame, region }, [frame]));
  }

  /** A file is copied, a bitmap is transferred. */
  readPhoto(image: Blob | ImageBitmap): Promise<LaneAttempt> {
    const transfer = image instanceof ImageBitmap ? [image] : [];
    return this.#ask((id) => this.#worker.postMessage({ kind: 'photo', id, image }, transfer));
  }

  close(): void {
    this.#die(new ScanError('stopped'));
  }

  #ask(send: (id: number) => void): Promise<LaneAttempt> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    if (this.#waiting !== undefined) return Promise.reject(new ScanError('stopped'));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting = { id, resolve, reject };
      send(id);
    });
  }

  #hear(message: FromLane): void {
    if (message.kind === 'ready') {
      this.#opened();
      return;
    }
    const waiting = this.#waiting;
    if (waiting?.id !== message.id) return;
    this.#waiting = undefined;
    if (message.kind === 'failed') waiting.reject(new ScanError(message.code));
    else waiting.resolve({ attempt: message.attempt, brightness: message.brightness });
  }

  #die(error: ScanError): void {
    if (this.#dead !== undefined) return;
    this.#dead = error;
    this.#worker.terminate();
    this.#opened(error);
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#buried();
  }
}
