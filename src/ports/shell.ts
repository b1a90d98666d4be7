/** A value that changes, and tells whoever draws it (a signal). */
interface Observed<T> {
  readonly value: T;
}

/** The installed shell: whether it works offline, whether a newer one waits, whether it can be installed. */
export interface Shell {
  readonly offlineReady: Observed<boolean>;
  readonly updateWaiting: Observed<boolean>;
  readonly installable: Observed<boolean>;
  readonly persisted: Observed<boolean>;
  readonly backgroundSync: Observed<boolean>;
  update(): void;
  install(): Promise<void>;
  askPersistence(): Promise<void>;
  requestBackgroundSync(): Promise<void>;
}
