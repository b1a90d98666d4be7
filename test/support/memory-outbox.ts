import type { Change } from '../../contract/change.ts';
import { CHAIN_START, type ChainHead } from '../../core/envelope.ts';
import { certificateWaits, isUnsent, nextRecordState, type RecordEvent } from '../../core/record-state.ts';
import { isWaitOver } from '../../core/wait-over.ts';
import { type Accord, NO_ACCORD, type RecordPapers, type SendAgain } from '../../src/ports/again.ts';
import type { JournalEntry, OutboxIntake } from '../../src/ports/keeping.ts';
import type {
  Capture,
  LeaseTerms,
  NewRecord,
  Outbox,
  OutboxSummary,
  OutboxView,
  QueuedRecord,
  Retry,
  SentAgain,
  Settlement,
} from '../../src/ports/outbox.ts';

/** What several connections share, as tabs share one database. */
export class MemoryStorage {
  readonly rows = new Map<string, QueuedRecord>();
  readonly envelopes = new Map<string, string>();
  readonly heads = new Map<string, ChainHead>();
  readonly receipts = new Map<string, string>();
  readonly cursors = new Map<string, string>();
  readonly early = new Map<string, Change[]>();
  /** Newest receipts of what the backend had lost. */
  readonly newReceipts = new Map<string, string>();
  readonly anchors = new Map<string, string>();
  accord: Accord = NO_ACCORD;
  again: SentAgain | undefined;
  readonly listeners = new Set<() => void>();
}

/**
 * The outbox without a database, written for clarity: counts are counted and lanes are searched each time. It runs the
 * same suite as the real one, so that tests of what stands on the port may use it.
 */
export class MemoryOutbox implements Capture, Outbox, OutboxView, Retry, OutboxIntake, SendAgain {
  readonly storage: MemoryStorage;

  /** The side for what the backend lost. */
  get again(): SendAgain {
    return this;
  }

  constructor(storage = new MemoryStorage()) {
    this.storage = storage;
  }

  async head(kid: string): Promise<ChainHead> {
    return this.storage.heads.get(kid) ?? CHAIN_START;
  }

  async append({ row, jws, after, head, anchor }: NewRecord): Promise<'stored' | 'head_moved'> {
    const { rows, envelopes, heads } = this.storage;
    if ((heads.get(row.kid)?.digest ?? null) !== after.digest) {
      return rows.get(row.id)?.digest === row.digest ? 'stored' : 'head_moved';
    }
    if (envelopes.has(row.id)) throw new Error('an envelope is never written over');
    rows.set(row.id, row);
    envelopes.set(row.id, jws);
    heads.set(row.kid, head);
    if (anchor !== undefined) this.storage.anchors.set(anchor.digest, anchor.jws);
    if (row.typ === 'confirmation+jws' && row.about !== null) this.#move(row.about, 'installed', {});
    this.#changed();
    return 'stored';
  }

  async lease({ owner, now, until, limit, force, alone, besides }: LeaseTerms) {
    const leased: { row: QueuedRecord; jws: string }[] = [];
    for (const row of this.#oldestFirst()) {
      if (leased.length === limit) break;
      if (!isUnsent(row.state) || besides?.has(row.id)) continue;
      const due = row.state === 'saved' ? force || isWaitOver(row.nextAt, now) : false;
      const free =
        row.state === 'sending' && (alone || row.leaseOwner === owner || isWaitOver(row.leaseUntil, now));
      const ids = leased.map((one) => one.row.id);
      const waits = this.#oldestFirst()
        .filter((other) => other.udid === row.udid && isUnsent(other.state))
        .some((other) => isEarlier(other, row) && !ids.includes(other.id));
      if (!(due || free) || waits) continue;
      const hold = { leaseOwner: owner, leaseUntil: until };
      const next = alone ? row : this.#move(row.id, 'leased', hold);
      if (next !== undefined) leased.push({ row: next, jws: this.storage.envelopes.get(row.id) ?? '' });
    }
    this.#changed();
    return leased;
  }

  async settle(results: readonly Settlement[]): Promise<void> {
    for (const result of results) this.#settle(result);
    this.#changed();
  }

  async retry(id: string): Promise<void> {
    this.#move(id, 'retried', { code: null, fault: null, nextAt: 0 });
    this.#changed();
  }

  async applyChanges(org: string, cursor: string, changes: readonly Change[], era?: string): Promise<void> {
    for (const change of changes) this.#decide(change, era);
    this.storage.cursors.set(org, cursor);
    this.#changed();
  }

  async cursor(org: string): Promise<string> {
    return this.storage.cursors.get(org) ?? '';
  }

  async take({ row, jws }: JournalEntry): Promise<'taken' | 'known' | 'own'> {
    const { rows, envelopes, heads } = this.storage;
    if (rows.has(row.id) || envelopes.has(row.id)) return 'known';
    if (heads.has(row.kid)) return 'own';
    rows.set(row.id, { ...row, state: 'saved', origin: 'code' });
    envelopes.set(row.id, jws);
    this.#changed();
    return 'taken';
  }

  async summary(): Promise<OutboxSummary> {
    const { again } = this.storage;
    return { ...recount([...this.storage.rows.values()]), ...(again === undefined ? {} : { again }) };
  }

  async page(limit: number, before = Number.POSITIVE_INFINITY): Promise<readonly QueuedRecord[]> {
    const rest = this.#newestFirst().filter((row) => row.createdAt < before);
    const last = rest[limit - 1]?.createdAt ?? Number.NEGATIVE_INFINITY;
    return rest.filter((row) => row.createdAt >= last);
  }

  async record(id: string): Promise<QueuedRecord | undefined> {
    return this.storage.rows.get(id);
  }

  async ofDevice(udid: string): Promise<readonly QueuedRecord[]> {
    return this.#newestFirst().filter((row) => row.udid === udid);
  }

  async certificatesWaiting(): Promise<readonly QueuedRecord[]> {
    return this.#oldestFirst().filter(certificateWaits);
  }

  async chains() {
    const chains = new Map(Array.from(this.storage.heads, ([kid, { seq }]) => [kid, seq]));
    for (const { origin, kid, seq } of this.storage.rows.values())
      if (origin === 'code') chains.set(kid, Math.max(chains.get(kid) ?? 0, seq));
    return Array.from(chains, ([kid, seq]) => ({ kid, seq }));
  }

  async accord(): Promise<Accord> {
    return this.storage.accord;
  }

  async noteAccord(change: Partial<Accord>, again?: SentAgain | null): Promise<void> {
    this.storage.accord = { ...this.storage.accord, ...change };
    if (again !== undefined) this.storage.again = again ?? undefined;
    this.#changed();
  }

  async rowsWhere(which: (row: QueuedRecord) => boolean): Promise<readonly QueuedRecord[]> {
    const rows = [...this.storage.rows.values()].filter(which);
    const began = (row: QueuedRecord) =>
      Math.min(...rows.filter(({ kid }) => kid === row.kid).map(({ createdAt }) => createdAt));
    return rows.sort((a, b) =>
      a.kid === b.kid ? a.seq - b.seq : began(a) - began(b) || (a.kid < b.kid ? -1 : 1),
    );
  }

  async papers(ids: readonly string[]): Promise<ReadonlyMap<string, RecordPapers>> {
    const { envelopes, receipts, newReceipts } = this.storage;
    const found = ids.flatMap((id): [string, RecordPapers][] => {
      const jws = envelopes.get(id);
      const both = [receipts.get(id), newReceipts.get(id)].filter((one) => one !== undefined);
      return jws === undefined ? [] : [[id, { jws, receipts: both }]];
    });
    return new Map(found);
  }

  async settleAgain(results: readonly Settlement[]): Promise<void> {
    const { receipts, newReceipts } = this.storage;
    for (const result of results) {
      if (result.kind === 'rejected') this.#move(result.id, 'rejected_again', { code: result.code });
      if (result.kind !== 'received') continue;
      const { id, receipt } = result;
      if (!receipts.has(id)) receipts.set(id, receipt);
      else if (receipts.get(id) !== receipt) newReceipts.set(id, receipt);
      const { again } = this.storage;
      if (again !== undefined) this.storage.again = { ...again, done: again.done + 1 };
    }
    this.#changed();
  }

  async revive(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const row = this.storage.rows.get(id);
      const next = this.#move(id, 'retried', { code: null, fault: null }) ?? row;
      if (next !== undefined) this.storage.rows.set(id, { ...next, nextAt: 0 });
    }
    this.#changed();
  }

  subscribe(onChange: () => void): () => void {
    this.storage.listeners.add(onChange);
    return () => this.storage.listeners.delete(onChange);
  }

  #oldestFirst(): QueuedRecord[] {
    return [...this.storage.rows.values()].sort((a, b) =>
      a.kid === b.kid ? a.seq - b.seq : a.createdAt - b.createdAt,
    );
  }

  #newestFirst(): QueuedRecord[] {
    return [...this.storage.rows.values()].sort((a, b) => b.createdAt - a.createdAt);
  }

  #settle(result: Settlement): void {
    const free = { leaseOwner: null, leaseUntil: 0 };
    this.#move(result.id, 'leased', {});
    if (result.kind === 'received') {
      this.storage.receipts.set(result.id, result.receipt);
      const fields = { ...free, fault: null, receivedAt: result.receivedAt };
      const moved = this.#move(result.id, 'receipt_verified', fields);
      if (moved?.origin !== undefined) this.storage.cursors.delete(moved.org);
      const early = this.storage.early.get(result.id) ?? [];
      this.storage.early.delete(result.id);
      for (const change of early) this.#decide(change);
    } else if (result.kind === 'rejected') {
      this.#move(result.id, 'rejected', { ...free, code: result.code });
    } else {
      const attempts = (this.storage.rows.get(result.id)?.attempts ?? 0) + 1;
      this.#move(result.id, 'not_sent', { ...free, attempts, fault: result.fault, nextAt: result.nextAt });
    }
  }

  #decide(change: Change, era?: string): void {
    const row = this.storage.rows.get(change.record);
    if (row !== undefined && isUnsent(row.state)) {
      this.storage.early.set(row.id, [...(this.storage.early.get(row.id) ?? []), change]);
      return;
    }
    // Told once more: only the step that the phone took itself would not come again.
    if (row?.state === 'installed' && row.era === era && change.at < (row.decidedAt ?? '')) return;
    const next = this.#move(change.record, change.outcome, {
      code: change.code ?? null,
      detail: change.detail ?? null,
      decidedAt: change.at,
      unproven: change.unproven ?? false,
      ...(era === undefined ? {} : { era }),
      ...(change.certificate === undefined ? {} : { certificate: change.certificate }),
    });
    if (next?.state !== 'bound' || next.installed === undefined) return;
    const { installed, ...rest } = next;
    if (installed === next.certificate?.fingerprint) this.#move(next.id, 'installed', {});
    else this.storage.rows.set(next.id, rest);
  }

  #move(id: string, event: RecordEvent, fields: Partial<QueuedRecord>): QueuedRecord | undefined {
    const row = this.storage.rows.get(id);
    const state = row && nextRecordState(row.state, event);
    if (row === undefined || state === undefined) return undefined;
    const inside = row.state === 'installed' && state !== 'installed' && row.certificate?.fingerprint;
    const next = { ...row, ...fields, ...(inside ? { installed: inside } : {}), state };
    this.storage.rows.set(id, next);
    return next;
  }

  #changed(): void {
    for (const listener of this.storage.listeners) listener();
  }
}

function isEarlier(a: QueuedRecord, b: QueuedRecord): boolean {
  return a.kid === b.kid ? a.seq < b.seq : a.createdAt < b.createdAt;
}

/** The summary that these rows must have. */
export function recount(rows: readonly QueuedRecord[]): OutboxSummary {
  const counts: Partial<Record<QueuedRecord['state'], number>> = {};
  for (const { state } of rows) counts[state] = (counts[state] ?? 0) + 1;
  const unsent = rows.filter((row) => isUnsent(row.state));
  return {
    counts,
    unsent: unsent.length,
    oldestUnsentAt: unsent.length === 0 ? null : Math.min(...unsent.map((row) => row.createdAt)),
    certificatesWaiting: rows.filter(certificateWaits).length,
  };
}
