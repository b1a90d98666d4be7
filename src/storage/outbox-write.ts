import {
  certificateWaits,
  nextRecordState,
  type RecordEvent,
  type RecordState,
} from '../../core/record-state.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import type { Summary } from './database.ts';
import { touch } from './device-projection.ts';
import type { Write } from './outbox-stores.ts';
import { putMany } from './rows.ts';

/** In `meta`: how far what the backend lost has been sent again. */
export const AGAIN = 'again';
/** In `meta`: an anchor that a record names. */
export const anchorKey = (digest: string) => `anchor:${digest}`;

/** Writes rows of records, and has the rows of their devices made anew with them. */
export function putRows(tx: Write, rows: readonly QueuedRecord[]): void {
  putMany(tx.objectStore('q'), rows);
  for (const { org, udid } of rows) touch(tx, org, udid);
}

/** Moves a record along its table and keeps the counts right. A step that means nothing here changes nothing. */
export async function move(
  tx: Write,
  summary: Summary,
  id: string,
  event: RecordEvent,
  fields: Partial<QueuedRecord>,
): Promise<QueuedRecord | undefined> {
  const row = await tx.objectStore('q').get(id);
  const next = row && moved(summary, row, event, fields);
  if (next !== undefined) putRows(tx, [next]);
  return next;
}

/** The same for a row just read in this transaction; whoever asks puts it. */
export function moved(
  summary: Summary,
  row: QueuedRecord,
  event: RecordEvent,
  fields: Partial<QueuedRecord>,
): QueuedRecord | undefined {
  const state = nextRecordState(row.state, event);
  if (state === undefined) return undefined;
  // What a person read of was another state: sent again and rejected again is news.
  const { read, ...rest } = row;
  const known = state === row.state && read !== undefined ? { read } : {};
  const next: QueuedRecord = { ...rest, ...known, ...fields, ...whatWasInstalled(row, state), state };
  bump(summary, row.state, -1);
  bump(summary, state, 1);
  summary.certificatesWaiting += waits(next) - waits(row);
  return next;
}

/** What is in the device stays there, whatever the backend decides anew. */
function whatWasInstalled(row: QueuedRecord, next: RecordState): Pick<QueuedRecord, 'installed'> {
  const fingerprint = row.certificate?.fingerprint;
  return row.state === 'installed' && next !== 'installed' && fingerprint !== undefined
    ? { installed: fingerprint }
    : {};
}

function waits(row: QueuedRecord): number {
  return certificateWaits(row) ? 1 : 0;
}

export function bump(summary: Summary, state: RecordState, by: number): void {
  summary.counts[state] = (summary.counts[state] ?? 0) + by;
}

export async function readSummary(tx: Write): Promise<Summary> {
  return ((await tx.objectStore('meta').get('sum')) as Summary | undefined) ?? emptySummary();
}

export function emptySummary(): Summary {
  return { counts: {}, certificatesWaiting: 0 };
}
