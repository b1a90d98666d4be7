/** What the screens need of the scanner: declared here, kept narrow, filled by src/scan. */

export type ViewfinderHint =
  | 'searching'
  | 'nothing_located'
  | 'located_unreadable'
  | 'dark'
  | 'offer_other_ways'
  | 'resting';

export interface Viewfinder {
  start(): Promise<{ readonly torch: boolean }>;
  stop(): Promise<void>;
  torch(on: boolean): Promise<void>;
}

export interface LabelReader {
  createScanner(options: {
    readonly video: HTMLVideoElement;
    onResult(result: { readonly text: string }): void;
    onHint(hint: ViewfinderHint): void;
    onError(error: Error & { readonly code: string }): void;
  }): Viewfinder;
  /** Rejects with an error that carries a code. */
  readPhoto(file: Blob): Promise<{
    readonly text: string;
    /** Where it lies, in fractions of width and height; may be empty. */
    readonly outline: readonly { readonly x: number; readonly y: number }[];
  }>;
  prewarm(): Promise<void>;
}
