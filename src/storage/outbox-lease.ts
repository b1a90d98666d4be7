import { isUnsent } from '../../core/record-state.ts';
import { isWaitOver } from '../../core/wait-over.ts';
import type { LeaseTerms, QueuedRecord } from '../ports/outbox.ts';
import type { Summary } from './database.ts';
import { TAKEN } from './outbox-keeping.ts';
import type { Write } from './outbox-stores.ts';
import { moved } from './outbox-write.ts';
import { putMany, readMany } from './rows.ts';

type State = 'saved' | 'sending';

/**
 * Under the drain's lock no lease is written: the lock keeps other drains off, and after a crash the records are as
 * they were saved. Moving rows to another state and back was half the cost of a long drain. The read of the oldest
 * row at the end cleans the index: a moved row leaves its old entry behind, and Chromium drops such entries only when
 * a read-write transaction passes over them. Without it every summary during a long drain reads past all that was
 * sent.
 */
export async function lease(tx: Write, summary: Summary, terms: LeaseTerms) {
  const leased: QueuedRecord[] = [];
  const ids = new Set<string>();
  const back = new PassedOver();
  const meta = tx.objectStore('meta');
  const [heads, taken] = await Promise.all([meta.getAllKeys(HEADS, 2), meta.count(TAKEN)]);
  const oneKey = heads.length < 2 && taken === 0;
  for (const state of ['sending', 'saved'] as const) {
    for await (const rows of inOrder(tx, state, terms.limit)) {
      const free = rows.filter((row) => isFree(row, state, terms));
      // With one operator key, whatever is earlier than a saved record has been passed on the way to it.
      const asked = oneKey && state === 'saved' ? [] : free;
      const found = await Promise.all(asked.map((row) => lane(tx, row)));
      const lanes = new Map(asked.map(({ id }, i) => [id, found[i] ?? []]));
      const isToGo = new Set(free);
      for (const row of rows) {
        if (leased.length >= terms.limit) break;
        const goes = isToGo.has(row) && !back.hasEarlier(row);
        if (goes && !waitsForEarlier(row, lanes.get(row.id) ?? [], ids)) {
          leased.push(row);
          ids.add(row.id);
        } else back.add(row);
      }
      if (leased.length >= terms.limit) break;
    }
  }
  const envelopes = await readMany(tx.objectStore('env'), [...ids]);
  const lease = { leaseOwner: terms.owner, leaseUntil: terms.until };
  const withEnvelopes: { row: QueuedRecord; jws: string }[] = [];
  for (const row of leased) {
    const jws = envelopes.get(row.id)?.jws;
    const next = terms.alone ? row : moved(summary, row, 'leased', lease);
    if (jws !== undefined && next !== undefined) withEnvelopes.push({ row: next, jws });
  }
  if (!terms.alone) {
    const rows = withEnvelopes.map(({ row }) => row);
    putMany(tx.objectStore('q'), rows);
  }
  return inChainOrder(withEnvelopes);
}

/** One for each operator key that ever signed here. */
const HEADS = IDBKeyRange.bound('head:', 'head:\uffff');

/** Unsent records that were passed and do not go along: later ones of the same key and device wait for them. */
class PassedOver {
  readonly #from = new Map<string, number>();

  add({ kid, udid, seq }: QueuedRecord): void {
    const key = `${kid} ${udid}`;
    this.#from.set(key, Math.min(this.#from.get(key) ?? Infinity, seq));
  }

  hasEarlier({ kid, udid, seq }: QueuedRecord): boolean {
    return (this.#from.get(`${kid} ${udid}`) ?? Infinity) < seq;
  }
}

function isFree(row: QueuedRecord, state: State, { besides, force, now, alone, owner }: LeaseTerms): boolean {
  if (besides?.has(row.id)) return false;
  return state === 'saved'
    ? force || isWaitOver(row.nextAt, now)
    : alone || isWaitOver(row.leaseUntil, now) || row.leaseOwner === owner;
}

/** Rows of one state by number, so many at a time. */
async function* inOrder(tx: Write, state: State, limit: number): AsyncGenerator<QueuedRecord[]> {
  const index = tx.objectStore('q').index('state');
  const seen = new Set<string>();
  let from = 0;
  for (let count = limit; ; ) {
    const rows = await index.getAll(IDBKeyRange.bound([state, from], [state, Infinity]), count);
    const fresh = rows.filter((row) => !seen.has(row.id));
    for (const row of fresh) seen.add(row.id);
    if (fresh.length > 0) yield fresh;
    if (rows.length < count) return;
    // Several operator keys may have used one number: begin at the last one again, and ask for more if it fills a page.
    const last = rows.at(-1)?.seq ?? 0;
    if (last === from) count *= 2;
    from = last;
  }
}

function lane(tx: Write, { udid }: QueuedRecord): Promise<QueuedRecord[]> {
  return tx
    .objectStore('q')
    .index('device')
    .getAll(IDBKeyRange.bound([udid, 0], [udid, Infinity]));
}

/** Whether an earlier record of the same device still waits, and does not go along: order within a lane. */
function waitsForEarlier(
  row: QueuedRecord,
  lane: readonly QueuedRecord[],
  along: ReadonlySet<string>,
): boolean {
  return lane.some((other) => {
    // Numbers count within one operator key; over a change of key only time says what came first.
    const earlier = other.kid === row.kid ? other.seq < row.seq : other.createdAt < row.createdAt;
    return earlier && isUnsent(other.state) && !along.has(other.id);
  });
}

/** By operator key, the one used first before the other, then by number. */
function inChainOrder<T extends { readonly row: QueuedRecord }>(leased: T[]): T[] {
  const since = new Map<string, number>();
  for (const { row } of leased) since.set(row.kid, Math.min(since.get(row.kid) ?? Infinity, row.createdAt));
  return leased.sort((a, b) =>
    a.row.kid === b.row.kid
      ? a.row.seq - b.row.seq
      : (since.get(a.row.kid) ?? 0) - (since.get(b.row.kid) ?? 0),
  );
}
