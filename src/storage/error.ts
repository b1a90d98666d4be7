/** Closed codes of the phone's storage; the words are in src/ui/words. */
export type StorageErrorCode =
  /** The origin's quota is used up. Say: free space on the phone; what was saved is safe. */
  | 'phone_storage_full'
  /** The browser closed or lost the database and reopening failed. Say: reload; what was saved is safe. */
  | 'phone_storage_lost'
  /** The reserve had to be given up for the last thing saved. Say: free space, send. */
  | 'phone_storage_low'
  /** A photo had to make room for a record. Say: free space, send. */
  | 'phone_photo_given_up'
  /** Another tab holds an older version open. Say: close other tabs of the app. */
  | 'phone_storage_blocked'
  /** The database has not opened for a while, and may still. Say: wait, then close all windows of the app. */
  | 'phone_storage_slow'
  /** Something stored does not parse. Say: export and call support. */
  | 'phone_storage_corrupt';

export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  constructor(code: StorageErrorCode, options?: { cause?: unknown }) {
    super(code, options);
    this.code = code;
  }
}
