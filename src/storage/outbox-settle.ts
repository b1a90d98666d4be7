import type { Change } from '../../contract/change.ts';
import { isUnsent } from '../../core/record-state.ts';
import type { QueuedRecord, Settlement } from '../ports/outbox.ts';
import type { Summary } from './database.ts';
import type { Write } from './outbox-stores.ts';
import { moved, putRows } from './outbox-write.ts';
import { putMany, readMany } from './rows.ts';

const early = (record: string) => `early:${record}`;

/** What became of a batch: read together, written together. */
export async function settleAll(tx: Write, summary: Summary, results: readonly Settlement[]): Promise<void> {
  const rows = await readMany(
    tx.objectStore('q'),
    results.map(({ id }) => id),
  );
  const next: QueuedRecord[] = [];
  const receipts: { readonly id: string; readonly receipt: string }[] = [];
  let statement: string | undefined;
  for (const result of results) {
    if (result.kind === 'received') {
      statement = result.receiptDigest;
      receipts.push({ id: result.id, receipt: result.receipt });
    }
    const row = rows.get(result.id);
    const moved = row && settled(summary, row, result);
    if (moved === undefined) continue;
    next.push(moved);
    // A restored record may have been sent and decided before, so its outcomes are asked for again.
    if (result.kind === 'received' && moved.origin !== undefined)
      await tx.objectStore('meta').delete(`cursor:${moved.org}`);
  }
  putMany(tx.objectStore('rcpt'), receipts);
  putRows(tx, next);
  if (statement !== undefined) await tx.objectStore('meta').put(statement, 'statement');
  await decideEarly(tx, summary, results);
}

function settled(summary: Summary, stored: QueuedRecord, result: Settlement): QueuedRecord | undefined {
  // Sent under the lock, it was never marked as on its way.
  const row = (stored.state === 'saved' && moved(summary, stored, 'leased', {})) || stored;
  const free = { leaseOwner: null, leaseUntil: 0 };
  switch (result.kind) {
    case 'received': {
      const { receivedAt } = result;
      return moved(summary, row, 'receipt_verified', { ...free, fault: null, receivedAt });
    }
    case 'rejected':
      return moved(summary, row, 'rejected', { ...free, code: result.code });
    case 'not_sent': {
      const { fault, nextAt } = result;
      return moved(summary, row, 'not_sent', { ...free, attempts: row.attempts + 1, fault, nextAt });
    }
  }
}

/**
 * Applies outcomes in their order. One may overtake its receipt: the answer to a batch was lost, the server decided, and
 * another record's drain fetched the changes. The cursor moves past it, so it is kept until the receipt is there.
 */
export async function decideAll(
  tx: Write,
  summary: Summary,
  changes: readonly Change[],
  era?: string,
): Promise<void> {
  const ids = [...new Set(changes.map(({ record }) => record))];
  const rows = await readMany(tx.objectStore('q'), ids);
  const touched = new Set<string>();
  const ahead: Change[] = [];
  for (const change of changes) {
    const row = rows.get(change.record);
    if (row === undefined) continue;
    if (isUnsent(row.state)) {
      ahead.push(change);
      continue;
    }
    if (isPast(row, change, era)) continue;
    const decided = moved(summary, row.decidedAt === change.at ? row : asUnread(row), change.outcome, {
      code: change.code ?? null,
      detail: change.detail ?? null,
      decidedAt: change.at,
      unproven: change.unproven ?? false,
      decidedBy: change.by ?? null,
      ...(change.maker === undefined ? {} : { maker: change.maker }),
      ...(era === undefined ? {} : { era }),
      ...(change.certificate === undefined ? {} : { certificate: change.certificate }),
    });
    if (decided === undefined) continue;
    rows.set(row.id, asInDevice(summary, decided));
    touched.add(row.id);
  }
  putRows(
    tx,
    [...touched].map((id) => rows.get(id) as QueuedRecord),
  );
  for (const change of ahead) {
    const key = early(change.record);
    const kept = ((await tx.objectStore('meta').get(key)) as Change[] | undefined) ?? [];
    await tx.objectStore('meta').put([...kept, change], key);
  }
}

/** What a person read of was another decision. */
function asUnread(row: QueuedRecord): QueuedRecord {
  const { read: _read, ...rest } = row;
  return rest;
}

/**
 * Whether a repeated outcome is older than the row. Replayed outcomes lead through their states again, but the step
 * to `installed` was this phone's own and would not be replayed. Over a new era the older one is what the backend knows now.
 */
function isPast(row: QueuedRecord, { at }: Change, era: string | undefined): boolean {
  return row.state === 'installed' && row.era === era && row.decidedAt !== null && at < row.decidedAt;
}

/** Bound anew to the certificate that was read back from the device, it is installed. To another one, that one waits. */
function asInDevice(summary: Summary, row: QueuedRecord): QueuedRecord {
  const { installed, ...rest } = row;
  if (row.state !== 'bound' || installed === undefined) return row;
  if (installed !== row.certificate?.fingerprint) return rest;
  return moved(summary, row, 'installed', {}) ?? row;
}

/** Applies outcomes that came before their receipts. There are hardly ever any, so their keys are read at once. */
async function decideEarly(tx: Write, summary: Summary, results: readonly Settlement[]): Promise<void> {
  const meta = tx.objectStore('meta');
  const waiting = new Set(await meta.getAllKeys(IDBKeyRange.bound(early(''), early('\uffff'))));
  for (const { id, kind } of results) {
    if (kind !== 'received' || !waiting.has(early(id))) continue;
    const kept = (await meta.get(early(id))) as Change[];
    await meta.delete(early(id));
    await decideAll(tx, summary, kept);
  }
}
