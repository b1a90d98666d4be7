import type { ListJob, ListJobs } from '../ports/list-jobs.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

/** Stands for the key if nobody signed the file, since the column is not nullable. */
const NOBODY = '';

function toJob({
  started_at,
  finished_at,
  file_offset,
  rejected_bytes,
  signer,
  ...same
}: Tables['list_jobs']): ListJob {
  return {
    ...same,
    signer: signer === NOBODY ? null : signer,
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
  signer,
  ...same
}: ListJob): Tables['list_jobs'] {
  return {
    ...same,
    signer: signer ?? NOBODY,
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
        .where('maker', '=', maker)
        .where('signer', '=', signer ?? NOBODY)
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
