import type { ListJob, ListJobs } from '../ports/list-jobs.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

/** In the columns of maker and signer: no maker was given apart, nobody signed the file. They hold no null. */
const NONE = '';

function toJob({
  started_at,
  finished_at,
  file_offset,
  rejected_bytes,
  maker,
  signer,
  ...same
}: Tables['list_jobs']): ListJob {
  return {
    ...same,
    maker: maker === NONE ? null : maker,
    signer: signer === NONE ? null : signer,
    startedAt: started_at,
    finishedAt: finished_at,
    offset: file_offset,
    rejectedBytes: rejected_bytes,
  };
}

function fromJob({
  startedAt,
  finishedAt,
  offset,
  rejectedBytes,
  maker,
  signer,
  ...same
}: ListJob): Tables['list_jobs'] {
  return {
    ...same,
    maker: maker ?? NONE,
    signer: signer ?? NONE,
    started_at: startedAt,
    finished_at: finishedAt,
    file_offset: offset,
    rejected_bytes: rejectedBytes,
  };
}

export function listJobs(db: Db): ListJobs {
  return {
    async open(org, digest, maker, signer) {
      const found = await db
        .selectFrom('list_jobs')
        .selectAll()
        .where('org', '=', org)
        .where('digest', '=', digest)
        .where('maker', '=', maker ?? NONE)
        .where('signer', '=', signer ?? NONE)
        .where('finished_at', 'is', null)
        .executeTakeFirst();
      return found && toJob(found);
    },
    async save(job) {
      const values = fromJob(job);
      const { id: _, ...counts } = values;
      await db
        .insertInto('list_jobs')
        .values(values)
        .onConflict((c) => c.column('id').doUpdateSet(counts))
        .execute();
    },
  };
}
