import type { FileHandle } from 'node:fs/promises';
import type { ListRow } from '../../../contract/list-row.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import { uuid7 } from '../../../core/uuid7.ts';
import type { RowName } from '../../ports/list-bulk.ts';
import type { ListJob } from '../../ports/list-jobs.ts';
import type { Org } from '../../ports/orgs.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import type { RowFault } from './check-row.ts';
import { keepNew, TRAINING_ROWS } from './import-rows.ts';
import { type ImportOrigin, judgeBatch, type RowVerdict } from './judge-batch.ts';
import { BrokenFile, type Position } from './pieces.ts';
import { fileFormat, type ParsedRow, readRows } from './read-list.ts';
import { type RejectedRow, rejectedRows } from './rejected-rows.ts';
import { readThrough } from './signed-file.ts';

/** Rows per transaction: few enough to let others write in between, many enough that the commit costs little. */
const BATCH = 1000;

export interface FileImport {
  readonly file: FileHandle;
  readonly org: Org;
  /** The maker of rows that name none. */
  readonly maker: string | undefined;
  readonly by: string;
  readonly signature: Uint8Array | undefined;
  /** Checks everything and changes nothing. */
  readonly preview: boolean;
  /** File for rejected rows. */
  readonly rejected: string | undefined;
  onProgress(job: ListJob, size: number): void;
  onFault(line: number, fault: RowFault): void;
  /** A row replaces one with another key. `bound`: the device is bound in this organisation. */
  onRekeyed(line: number, name: RowName, bound: boolean): void;
}

export interface ImportFileParts {
  readonly stores: Needs<'listBulk' | 'listJobs' | 'makerKeys' | 'liveBindings'>;
  readonly transact: Transact<'list' | 'listBulk' | 'listJobs' | 'makerKeys' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

export type FileImportResult =
  | { readonly ok: true; readonly job: ListJob; readonly format: string; readonly resumedAt: number }
  | { readonly ok: false; readonly fault: RowFault; readonly line: number };

/**
 * Imports a file of any size with one batch of it in memory. Rows and progress are written in one transaction, so
 * running the same file again after a crash resumes behind them: no row is missed or imported twice. A signature is
 * verified over the whole file before any row is imported.
 */
export async function importFile(call: FileImport, parts: ImportFileParts): Promise<FileImportResult> {
  const { file, org, maker, signature, clock, crypto, stores } = { ...call, ...parts };
  const stamp = await stampOf(file);
  const keys = await stores.makerKeys.live(org.name);
  const { digest, signer } = await readThrough(file, signature, keys);
  if (signature !== undefined && signer === undefined)
    return refused('signature_wrong', 'signed by no key that this organisation takes a maker’s word from');
  const format = await fileFormat(file, maker, crypto);
  if ('code' in format) return { ok: false, fault: format, line: 1 };

  const which = { org: org.name, digest, maker: maker ?? null, signer: signer?.digest ?? null };
  const open = call.preview
    ? undefined
    : await stores.listJobs.open(which.org, digest, which.maker, which.signer);
  let job: ListJob = open ?? {
    ...{ id: uuid7(clock.now(), crypto), ...which },
    ...{ startedAt: toInstant(clock.now()), finishedAt: null, ...format.begin },
    ...{ imported: 0, unchanged: 0, faults: 0, rejectedBytes: 0 },
  };
  const resumedAt = open === undefined ? 0 : job.imported + job.unchanged + job.faults;
  // All rows of a file have the same instant, which identifies the rows of its earlier batches.
  const origin = { org, by: call.by, at: job.startedAt, signer };
  const rejected = await rejectedRows(call.rejected, job.rejectedBytes);
  const { size } = await file.stat();

  const importBatch = async (rows: readonly ParsedRow[], next: Position, end: boolean): Promise<boolean> => {
    if ((await stampOf(file)) !== stamp) return false;
    const first = job.offset === format.begin.offset;
    const judge = (tx: Needs<'listBulk' | 'makerKeys'>) => judgeRead(rows, { ...origin, begun: !first }, tx);
    const count = async (verdicts: readonly RowVerdict[]) => {
      const faults = faultsOf(rows, verdicts);
      const finishedAt = end ? toInstant(clock.now()) : null;
      const rejectedBytes = await rejected.add(job.rejectedBytes, faults);
      const rekeyed = rekeyedOf(rows, verdicts);
      return { now: { ...counted(job, verdicts), ...next, finishedAt, rejectedBytes }, faults, rekeyed };
    };
    const { now, faults, rekeyed } = call.preview
      ? await count(await judge(stores))
      : await parts.transact(async (tx) => {
          const verdicts = await judge(tx);
          await keepNew(verdicts, tx);
          if (org.training) await tx.list.trim(org.name, TRAINING_ROWS);
          const done = await count(verdicts);
          await tx.listJobs.save(done.now);
          if (end) await audit(tx.audit, ended(done.now, origin));
          return done;
        });
    job = now;
    if (first && !call.preview) await stores.listBulk.grown();
    for (const { line, fault } of faults) call.onFault(line, fault);
    for (const { line, name } of rekeyed) {
      const bound = (await stores.liveBindings.named(name.maker, name.udid)).some(
        (one) => one.org === org.name,
      );
      call.onRekeyed(line, name, bound);
    }
    call.onProgress(job, size);
    return true;
  };

  try {
    let batch: ParsedRow[] = [];
    let next: Position = { offset: job.offset, line: job.line };
    const bytes = file.createReadStream({ start: next.offset, autoClose: false, highWaterMark: 1 << 18 });
    for await (const row of readRows(bytes as AsyncIterable<Uint8Array>, format, next)) {
      batch.push(row);
      next = row.piece.next;
      if (batch.length < BATCH) continue;
      if (!(await importBatch(batch, next, false)))
        return refused('file_changed', 'the file was changed meanwhile');
      batch = [];
    }
    if (!(await importBatch(batch, next, true)))
      return refused('file_changed', 'the file was changed meanwhile');
    return { ok: true, job, format: format.name, resumedAt };
  } catch (error) {
    if (!(error instanceof BrokenFile)) throw error;
    const code = format.cut === 'json' ? 'json_malformed' : 'csv_malformed';
    return { ok: false, fault: { code, detail: error.message }, line: error.line };
  } finally {
    await rejected.close();
  }
}

async function judgeRead(
  rows: readonly ParsedRow[],
  origin: ImportOrigin,
  stores: Needs<'listBulk' | 'makerKeys'>,
): Promise<RowVerdict[]> {
  const good = rows.flatMap(({ read }): ListRow[] => ('code' in read ? [] : [read]));
  const judged = (await judgeBatch(good, origin, stores)).values();
  return rows.map(({ read }) =>
    'code' in read ? { is: 'fault', fault: read } : (judged.next().value as RowVerdict),
  );
}

function faultsOf(rows: readonly ParsedRow[], verdicts: readonly RowVerdict[]): RejectedRow[] {
  return verdicts.flatMap((verdict, index) => {
    const piece = rows[index]?.piece;
    if (verdict.is !== 'fault' || piece === undefined) return [];
    return [{ line: piece.line, fault: verdict.fault, text: piece.text }];
  });
}

function rekeyedOf(
  rows: readonly ParsedRow[],
  verdicts: readonly RowVerdict[],
): { readonly line: number; readonly name: RowName }[] {
  return verdicts.flatMap((verdict, index) => {
    const piece = rows[index]?.piece;
    if (verdict.is !== 'new' || !verdict.rekeyed || piece === undefined) return [];
    return [{ line: piece.line, name: verdict.stored.row }];
  });
}

function counted(job: ListJob, verdicts: readonly RowVerdict[]): ListJob {
  const count = (is: RowVerdict['is']) => verdicts.filter((verdict) => verdict.is === is).length;
  return {
    ...job,
    imported: job.imported + count('new'),
    unchanged: job.unchanged + count('unchanged'),
    faults: job.faults + count('fault'),
  };
}

function ended(job: ListJob, { by, org, signer }: Omit<ImportOrigin, 'begun'>) {
  return {
    at: job.finishedAt ?? job.startedAt,
    step: STEPS.admin,
    event: "maker's list imported",
    actor: by,
    org: org.name,
    subject: `${job.imported} rows`,
    detail: [
      `${job.unchanged} unchanged, ${job.faults} with errors, file ${job.digest}`,
      ...(signer === undefined ? [] : [`signed by ${signer.maker}, key ${signer.digest}`]),
    ].join(', '),
  };
}

/** Identifies the file, and shows whether somebody has written to it. */
async function stampOf(file: FileHandle): Promise<string> {
  const { ino, size, mtimeNs } = await file.stat({ bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

function refused(code: string, detail: string): FileImportResult {
  return { ok: false, fault: { code, detail }, line: 0 };
}
