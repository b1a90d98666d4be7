import type { Attempt } from './reading.ts';

/** What a worker is for. `photo` reads stills and frozen frames; the others read the viewfinder. */
export type LaneRole = 'fast' | 'photo' | 'rescue';

/** Part of a frame to search, pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type ToLane =
  /** First, once. Without `wasmUrl` the lane reads with @zxing/library alone. */
  | { readonly kind: 'open'; readonly role: LaneRole; readonly wasmUrl: string | undefined }
  /** A viewfinder's frame, transferred; the lane closes it. */
  | {
      readonly kind: 'frame';
      readonly id: number;
      readonly frame: ImageBitmap | VideoFrame;
      readonly region: Region | undefined;
    }
  /** A photograph's file, or a frozen frame. */
  | { readonly kind: 'photo'; readonly id: number; readonly image: Blob | ImageBitmap };

export type FromLane =
  | { readonly kind: 'ready'; readonly engine: 'library' | 'wasm' }
  /** Corners in fractions of the whole frame's width and height; `brightness` 0..255. */
  | { readonly kind: 'attempt'; readonly id: number; readonly attempt: Attempt; readonly brightness: number }
  | { readonly kind: 'failed'; readonly id: number; readonly code: 'photo_too_large' | 'photo_unreadable' };
