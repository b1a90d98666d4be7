/** What a database says of whose it is and how far it has come, before anything is changed in it. */
export interface DatabaseIdentity {
  readonly aud: string;
  /** The statement keys, the oldest first. */
  readonly kids: readonly string[];
  /** How often a server began on it. */
  readonly starts: number;
  /** Number of the newest seal of the audit trail; 0 if there is none. */
  readonly seal: number;
  /** It is an older copy on purpose, and its era has not begun yet (trail/begin-era.ts). */
  readonly isPutBack: boolean;
}
