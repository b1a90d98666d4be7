import type { PhotoPart, PhotoProgress, PhotosOfRecord } from '../../contract/photo.ts';
import type { BackendResult } from './backend.ts';

/** A photo as this phone knows it. Its bytes lie apart, and are here until the backend has signed for them, and a while longer. */
export interface PhotoRow {
  readonly digest: string;
  readonly bytes: number;
  /** The device it was taken of. */
  readonly udid: string;
  readonly createdAt: number;
  /** Bytes that the backend said it has. */
  readonly sent: number;
  readonly attempts: number;
  readonly nextAt: number;
  /** `given_up`: the phone was full and a record had to be saved. `broken`: what is stored is not what was taken. */
  readonly state: 'here' | 'kept' | 'given_up' | 'broken';
  /** When the backend signed for it, in milliseconds since 1970. */
  readonly keptAt?: number;
}

export interface PhotoToSend {
  readonly row: PhotoRow;
  /** The received record that names it. */
  readonly record: { readonly id: string; readonly org: string };
  readonly data: Uint8Array;
}

/** Photos on the phone. Rejects with StorageError only. */
export interface PhotoStore {
  add(photo: {
    readonly digest: string;
    readonly data: Uint8Array;
    readonly udid: string;
    readonly at: number;
  }): Promise<void>;
  /** Taken of this device and named by no record yet: of a registration that is half done. */
  loose(udid: string): Promise<readonly PhotoRow[]>;
  /** The bytes, while they are here. */
  data(digest: string): Promise<Uint8Array | undefined>;
  rows(digests: readonly string[]): Promise<readonly PhotoRow[]>;
  /** Takes a loose one back. */
  drop(digest: string): Promise<void>;
  /** Forgets loose ones taken before `before`: their registration was never saved. */
  sweep(before: number): Promise<void>;
  waiting(): Promise<{ readonly count: number; readonly bytes: number; readonly sent: number }>;
}

/** Draining side. */
export interface PhotoQueue {
  /** The oldest whose record has its receipt and that is due. */
  next(now: number, force: boolean, besides: ReadonlySet<string>): Promise<PhotoToSend | undefined>;
  note(digest: string, change: Partial<Pick<PhotoRow, 'sent' | 'attempts' | 'nextAt'>>): Promise<void>;
  /**
   * `kept`: the backend signed for it, and its bytes may go when they are old or room is needed. `broken`: they are not what
   * was signed for, and go.
   */
  finish(digest: string, state: 'kept' | 'broken', now: number): Promise<void>;
  /** The backend may have lost what it signed for: those whose bytes are still here are asked for once more. */
  askAgain(): Promise<void>;
}

/** Never rejects. */
export interface PhotoBackend {
  sendPart(part: PhotoPart, signal: AbortSignal): Promise<BackendResult<PhotoProgress>>;
}

/** A photo that a record names, as the backend keeps it. */
export type ArchivedPhoto = PhotosOfRecord['photos'][number] & {
  /** Undefined while it has not come; `changed` if it is not what was signed for. */
  readonly data: Uint8Array | 'changed' | undefined;
};

/** Photos as evidence; fetched when wanted. */
export interface PhotoTools {
  readonly store: Pick<PhotoStore, 'loose' | 'data' | 'rows' | 'drop' | 'waiting'>;
  take(file: Blob, udid: string): Promise<unknown>;
  ofRecord(org: string, record: string): Promise<BackendResult<readonly ArchivedPhoto[]>>;
}

/** Photos go when no record does. Neither rejects. */
export interface PhotoUpload {
  pause(): void;
  go(force: boolean): Promise<void>;
}
