/** The three symbologies of device labels that are searched for. */
export type CodeFormat = 'code-128' | 'data-matrix' | 'qr';

/** `native`: the browser's own BarcodeDetector. */
export type EngineName = 'library' | 'native' | 'wasm';

/** In pixels of the image that was given. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Reading {
  /** Exactly what the code holds, control characters included (GS of ISO/IEC 15434). */
  readonly text: string;
  readonly format: CodeFormat;
  /** Corners in reading order, two points for a bar code, none where the pre-processing moved them. */
  readonly corners: readonly Point[];
  readonly engine: EngineName;
}

/** One attempt. `located`: a code stands there but could not be read, which the coach turns into advice. */
export type Attempt =
  | { readonly kind: 'read'; readonly reading: Reading }
  | { readonly kind: 'located'; readonly corners: readonly Point[] }
  | { readonly kind: 'nothing' };

export const NOTHING: Attempt = { kind: 'nothing' };
