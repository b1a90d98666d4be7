/** A revoked UDID or key, as a digest (core/list-lookup.ts), for the whole installation. */
export interface Tombstone {
  readonly digest: string;
  readonly reason: string;
  readonly at: string;
  readonly by: string;
}

export interface Tombstones {
  anyLive(digests: readonly string[]): Promise<boolean>;
  bury(tombstone: Tombstone): Promise<void>;
  live(limit: number): Promise<string[]>;
  /** Returns how many tombstones were lifted. */
  lift(digests: readonly string[], by: string, reason: string, at: string): Promise<number>;
}
