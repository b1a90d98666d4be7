import type { Stretches } from '../../contract/phone.ts';
import { CHAIN_START, type ChainHead } from '../../core/envelope.ts';
import { certificateWaits, RECORD_STATES, type RecordState } from '../../core/record-state.ts';
import type { JournalEntry } from '../ports/keeping.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import type { Database, Summary } from './database.ts';
import type { Write } from './outbox-stores.ts';
import { bump, emptySummary, putRows } from './outbox-write.ts';

/** States without a receipt that says "received". */
const WITHOUT = ['saved', 'sending', 'rejected'] as const;
/** Past this many, the first and the last number say it well enough. */
const MOST_NUMBERS = 1_000;

async function rowsWithout(db: Database): Promise<QueuedRecord[]> {
  const index = db.transaction('q').store.index('state');
  const found = await Promise.all(WITHOUT.map((state) => index.getAll(inState(state))));
  return found.flat().sort((a, b) => (a.kid === b.kid ? a.seq - b.seq : a.createdAt - b.createdAt));
}

export async function unsentEntries(db: Database): Promise<readonly JournalEntry[]> {
  const rows = await rowsWithout(db);
  const envelopes = db.transaction('env').store;
  const found = await Promise.all(rows.map(({ id }) => envelopes.get(id)));
  return rows.flatMap((row, i) => {
    const jws = found[i]?.jws;
    return jws === undefined ? [] : [{ row, jws }];
  });
}

export async function unsentIds(db: Database) {
  const rows = await rowsWithout(db);
  const envelopes = db.transaction('env').store;
  const envelopeCounts = await Promise.all(rows.map(({ id }) => envelopes.count(id)));
  const torn = rows.filter((_, i) => envelopeCounts[i] === 0).map(({ id }) => id);
  return { ids: new Set(rows.map(({ id }) => id)), torn: new Set(torn) };
}

export async function unsentNumbers(db: Database, kid: string): Promise<Stretches> {
  const index = db.transaction('q').store.index('state');
  const states = ['saved', 'sending'] as const;
  const found = await Promise.all(states.map((state) => index.getAll(inState(state), MOST_NUMBERS)));
  const seqs = found
    .flat()
    .filter((row) => row.kid === kid)
    .map(({ seq }) => seq)
    .sort((a, b) => a - b);
  const stretches: { from: number; to: number }[] = [];
  for (const seq of seqs) {
    const last = stretches.at(-1);
    if (last?.to === seq - 1) last.to = seq;
    else stretches.push({ from: seq, to: seq });
  }
  const cut = found.some((rows) => rows.length === MOST_NUMBERS) || stretches.length > 200;
  const [first] = stretches;
  if (!cut || first === undefined) return stretches;
  const head = readHead(await db.get('meta', `head:${kid}`));
  return [{ from: first.from, to: Math.max(head.seq, first.to) }];
}

/**
 * Set once a record was taken whose key has no chain here: sequence numbers alone then no longer say which record is
 * older.
 */
export const TAKEN = 'taken';

/** As not sent: sending twice is harmless, not sending is not. */
export async function restore(tx: Write, summary: Summary, entries: readonly JournalEntry[]): Promise<void> {
  const [q, env, meta] = [tx.objectStore('q'), tx.objectStore('env'), tx.objectStore('meta')];
  for (const { row, jws } of entries) {
    if ((await env.count(row.id)) === 0) await env.add({ id: row.id, jws, digest: row.digest });
    if ((await q.count(row.id)) > 0) continue;
    await putUnsent(tx, summary, { ...row, origin: row.origin ?? 'copy' });
    // The copy of a colleague's: their chain is none of this phone's.
    if (row.origin === 'code') {
      await meta.put(true, TAKEN);
      continue;
    }
    const head = readHead(await meta.get(`head:${row.kid}`));
    if (row.seq > head.seq) await meta.put({ seq: row.seq, digest: row.digest }, `head:${row.kid}`);
  }
}

/** A code may be forged, so a record taken by code never moves a chain head, least of all of a key that signs here. */
export async function take(tx: Write, summary: Summary, { row, jws }: JournalEntry) {
  const [q, env, meta] = [tx.objectStore('q'), tx.objectStore('env'), tx.objectStore('meta')];
  const same = await Promise.all([q.count(row.id), env.count(row.id)]);
  if (same.some((count) => count > 0)) return 'known';
  if ((await meta.count(`head:${row.kid}`)) > 0) return 'own';
  await env.add({ id: row.id, jws, digest: row.digest });
  await putUnsent(tx, summary, { ...row, origin: 'code' });
  await meta.put(true, TAKEN);
  return 'taken';
}

async function putUnsent(tx: Write, summary: Summary, row: QueuedRecord): Promise<void> {
  putRows(tx, [{ ...row, state: 'saved', leaseOwner: null, leaseUntil: 0, nextAt: 0 }]);
  bump(summary, 'saved', 1);
}

/** Whether the counts are those of the rows: a database that lost its last writes may have kept the one and not the other. */
export async function countsHold(db: Database): Promise<boolean> {
  const tx = db.transaction(['q', 'meta']);
  const index = tx.objectStore('q').index('state');
  const [kept, ...counted] = await Promise.all([
    tx.objectStore('meta').get('sum'),
    ...RECORD_STATES.map((state) => index.count(inState(state))),
  ]);
  const { counts } = (kept as Summary | undefined) ?? emptySummary();
  return RECORD_STATES.every((state, i) => (counts[state] ?? 0) === counted[i]);
}

/** Makes the counts those of the rows. */
export async function recount(tx: Write, summary: Summary): Promise<void> {
  const index = tx.objectStore('q').index('state');
  const counted = await Promise.all(RECORD_STATES.map((state) => index.count(inState(state))));
  summary.counts = Object.fromEntries(RECORD_STATES.map((state, i) => [state, counted[i] ?? 0]));
  summary.certificatesWaiting = (await index.getAll(inState('bound'))).filter(certificateWaits).length;
}

function inState(state: RecordState): IDBKeyRange {
  return IDBKeyRange.bound([state, 0], [state, Infinity]);
}

export function readHead(value: unknown): ChainHead {
  if (typeof value !== 'object' || value === null || !('seq' in value) || !('digest' in value))
    return CHAIN_START;
  const { seq, digest } = value;
  return typeof seq === 'number' && typeof digest === 'string' ? { seq, digest } : CHAIN_START;
}
