import { LiveLanes } from './lanes.ts';
import { PhotoDecoder } from './photo-decoder.ts';
import type { ScanResult } from './result.ts';
import { CameraScanner, type Scanner, type ScannerOptions } from './scanner.ts';
import type { ScanWorkers } from './workers.ts';

export type { CameraAbilities } from './camera.ts';
export { ScanError, type ScanErrorCode } from './error.ts';
export type { ScanHint, ScanResult } from './result.ts';
export type { Scanner, ScannerOptions } from './scanner.ts';
export { type ScanWorkers, type TrustUrl, workersUnder } from './workers.ts';

/** Reading of codes, by camera or from a photograph. */
export interface Scan {
  createScanner(options: ScannerOptions): Scanner;
  /**
   * The code on a picture, looked for with every pass there is; takes seconds where there is none. Rejects with ScanError:
   * `no_code_found`, `photo_unreadable`, `photo_too_large`, `decoder_failed`, `stopped` (by `signal`).
   */
  readPhoto(file: Blob, signal?: AbortSignal): Promise<ScanResult>;
  /** Starts the decoders, so that compiling them does not fall into the first second of scanning. */
  prewarm(): Promise<void>;
  /** Ends all workers. Scanners made before must have been stopped; the next use starts workers anew. */
  close(): void;
}

/** The only way into this folder; the app loads it with a dynamic import. */
export function openScan(workers: ScanWorkers): Scan {
  const lanes = new LiveLanes(workers);
  const photos = new PhotoDecoder(workers);
  return {
    createScanner: (options) => new CameraScanner(options, lanes, photos),
    readPhoto: (file, signal) => photos.read(file, signal),
    prewarm: () => lanes.open(),
    close() {
      lanes.close();
      photos.close();
    },
  };
}
