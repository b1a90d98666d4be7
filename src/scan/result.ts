import type { CodeFormat, EngineName, Point, Reading } from './decode/reading.ts';

/** A code that was read. */
export interface ScanResult {
  /** Exactly what the code holds; for parseLabel. */
  readonly text: string;
  readonly format: CodeFormat;
  /** Its outline in fractions of the frame's width and height; may be empty. */
  readonly outline: readonly Point[];
  readonly engine: EngineName;
}

/** Advice while nothing is read yet; each is given once per wait, and `searching` takes it back. */
export type ScanHint =
  /** No code seen for 3 s: "Move closer; more light helps." */
  | 'nothing_located'
  /** A code is seen but cannot be read: "Hold still", and zoom in if the camera can. */
  | 'located_unreadable'
  /** Dark for 1 s: suggest the torch, if there is one. */
  | 'dark'
  /** 8 s without a result: offer freezing, a photo and the typed code. */
  | 'offer_other_ways'
  /** A minute without a result: the camera was stopped to save the battery; a tap starts it. */
  | 'resting'
  /** All clear again. */
  | 'searching';

export function resultOf({ text, format, corners, engine }: Reading): ScanResult {
  return { text, format, outline: corners, engine };
}
