/** One line of the trail. `hash` covers everything before it and `prev`. */
export interface AuditEntry {
  readonly n: number;
  readonly at: string;
  /** Step of a registration's way, `7 sync`, and what happened, `received`. */
  readonly step: string;
  readonly event: string;
  /** Who did it: an operator, or a part of this system. */
  readonly actor: string;
  readonly org: string | null;
  /** What it was done to: a record, a device, a certificate. Names and digests only, never a secret. */
  readonly subject: string;
  readonly detail: string;
  readonly prev: string;
  readonly hash: string;
}

export interface AuditLog {
  last(): Promise<AuditEntry | undefined>;
  write(entry: AuditEntry): Promise<void>;
  after(n: number, limit: number): Promise<AuditEntry[]>;
}
