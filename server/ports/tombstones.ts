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
  /** Those of these digests that no tombstone ever stood over, live or lifted. */
  neverBuried(digests: readonly string[]): Promise<string[]>;
  /** Returns how many tombstones were lifted. */
  lift(digests: readonly string[], by: string, reason: string, at: string): Promise<number>;
}
