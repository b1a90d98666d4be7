/**
 * Leases for work that one process at a time should do. A lease saves work and is no lock: what must not happen twice
 * is prevented by the rows that the work writes.
 */
export interface Leases {
  /**
   * Takes or renews a lease; false if another owner has it at `now`. All leases of one name last equally long, so one that
   * ends much later than `until` counts for nothing.
   */
  take(lease: {
    readonly name: string;
    readonly owner: string;
    readonly now: string;
    readonly until: string;
  }): Promise<boolean>;
  /** Gives the lease back, so that nobody waits for its end. */
  leave(name: string, owner: string): Promise<void>;
}
