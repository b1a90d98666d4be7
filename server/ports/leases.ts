/** Work that one process at a time should do. A hint that saves work, not a lock: what must not happen twice is kept apart by the rows it writes. */
export interface Leases {
  /** Takes or prolongs it; false if another owner holds it at `now`. */
  take(lease: {
    readonly name: string;
    readonly owner: string;
    readonly now: string;
    readonly until: string;
  }): Promise<boolean>;
  /** Gives it back, so that nobody waits for its end. */
  leave(name: string, owner: string): Promise<void>;
}
