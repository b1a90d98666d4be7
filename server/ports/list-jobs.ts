/** How far the import of one file has come. Written together with the rows it counts, so that a crash parts neither. */
export interface ListJob {
  readonly id: string;
  readonly org: string;
  /**
   * SHA-256 of the file, the maker given apart, and the key that signed it (null if none): a job goes on only with the same
   * three, since by another signature other rows are good.
   */
  readonly digest: string;
  readonly maker: string;
  readonly signer: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Where the next record begins. */
  readonly offset: number;
  readonly line: number;
  readonly imported: number;
  readonly unchanged: number;
  readonly faults: number;
  /** How much of the file of rejected rows belongs to what was counted. */
  readonly rejectedBytes: number;
}

export interface ListJobs {
  /** The one that was begun and has not ended. */
  open(org: string, digest: string, maker: string, signer: string | null): Promise<ListJob | undefined>;
  save(job: ListJob): Promise<void>;
}
