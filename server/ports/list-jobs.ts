import type { OrgName } from './issuer-name.ts';

/**
 * How far the import of one file has come. Written in the same transaction as the rows it counts, so that a crash
 * cannot separate them.
 */
export interface ListJob {
  readonly id: string;
  readonly org: OrgName;
  /**
   * SHA-256 of the file. A job is resumed only with the same file, the same maker given apart, and the same
   * signing key (null if none), since with another signature other rows are valid.
   */
  readonly digest: string;
  readonly maker: string | null;
  readonly signer: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Where the next list row begins. */
  readonly offset: number;
  readonly line: number;
  readonly imported: number;
  readonly unchanged: number;
  readonly faults: number;
  /** How many bytes of the file of rejected rows belong to the rows counted so far. */
  readonly rejectedBytes: number;
}

export interface ListJobs {
  /** The job that was begun and has not ended. */
  open(
    org: OrgName,
    digest: string,
    maker: string | null,
    signer: string | null,
  ): Promise<ListJob | undefined>;
  save(job: ListJob): Promise<void>;
}
