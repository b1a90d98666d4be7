import type { BatchRequest, BatchResponse } from '../../contract/batch.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS } from '../../contract/envelope.ts';
import { toBase64Url } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { extendStatementKeys, type StatementKeys } from '../../core/statement.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { BackendFailure, SyncBackend } from '../ports/backend.ts';
import type { Clock } from '../ports/clock.ts';
import type { Outbox, QueuedRecord, SendFault, Settlement } from '../ports/outbox.ts';
import type { Enrolment, WorkStore } from '../ports/work.ts';
import { backoff } from './backoff.ts';
import { BatchSize } from './batch-size.ts';
import { verifyReceipt } from './verify-receipt.ts';

/** A lease outlives any request of ours; after a crash the record falls back when it runs out. */
const LEASE_MS = 60_000;

export interface DrainPorts {
  readonly outbox: Outbox;
  readonly work: WorkStore;
  readonly backend: SyncBackend;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** This page or worker, as lease owner. */
  readonly owner: string;
  /** A person asked: back-off times do not count, other drains' leases still do. */
  readonly force?: boolean;
}

export type DrainOutcome =
  | { readonly kind: 'done'; readonly sent: number }
  /** Not enrolled on this phone: nothing can have been captured either. */
  | { readonly kind: 'nothing_to_do' }
  | { readonly kind: 'stopped'; readonly sent: number; readonly failure: BackendFailure };

/**
 * Sends what waits and fetches what was decided. Safe to run anywhere, any number of times: leases keep two drains off
 * the same record, the server answers a repeat with the first receipt, and nothing here deletes.
 */
export async function drain(ports: DrainPorts, signal: AbortSignal): Promise<DrainOutcome> {
  const enrolment = await ports.work.enrolment();
  if (enrolment === undefined) return { kind: 'nothing_to_do' };
  const { sent, failure } = await send(ports, enrolment, signal);
  // A record set aside stops nothing else: what was decided of the others is fetched all the same.
  if (failure !== undefined && !failure.passing) return { kind: 'stopped', sent, failure: failure.why };
  const orgs = enrolment.credential.memberships.map((m) => m.org);
  const missed = (await pull(ports, orgs, signal)) ?? failure?.why;
  return missed === undefined ? { kind: 'done', sent } : { kind: 'stopped', sent, failure: missed };
}

interface Sent {
  readonly sent: number;
  /** `passing`: of one record only, which was set aside; everything else went. */
  readonly failure?: { readonly why: BackendFailure; readonly passing: boolean };
}

async function send(ports: DrainPorts, enrolment: Enrolment, signal: AbortSignal): Promise<Sent> {
  const size = new BatchSize(MAX_BATCH_RECORDS);
  /** Leased here and not settled yet. Left leased at the end, they would look as if on their way for another minute. */
  const mine = new Map<string, QueuedRecord>();
  let sent = 0;
  let aside: BackendFailure | undefined;

  const settle = async (settled: readonly Settlement[]) => {
    await ports.outbox.settle(settled);
    for (const { id } of settled) mine.delete(id);
  };
  const stop = async (why: BackendFailure): Promise<Sent> => {
    await settle([...mine.values()].map((row) => notSent(ports, row, faultOf(why), why)));
    return { sent, failure: { why, passing: false } };
  };

  for (;;) {
    const now = ports.clock.now();
    const { owner, force = false } = ports;
    const held = await ports.outbox.lease({
      owner,
      now,
      until: now + LEASE_MS,
      limit: size.limit,
      force: force && aside === undefined,
    });
    for (const { row } of held) mine.set(row.id, row);
    const leased = fitting(held);
    if (leased.length === 0) break;
    const answer = await ports.backend.postBatch(await batchOf(ports, enrolment, leased), signal);
    if (!answer.ok) {
      const before = leased.some(({ row }) => row.fault?.code === 'answer_invalid');
      const next = size.afterRefusal(leased.length, answer.failure, before);
      if (next === 'stop') return stop(answer.failure);
      if (next === 'smaller') continue;
      aside = answer.failure;
      await settle(leased.map(({ row }) => setAside(ports, row)));
      continue;
    }
    size.taken(leased.length);
    const settled = await judge(ports, enrolment.credential.aud, leased, answer.value, signal);
    await settle(settled);
    const done = settled.filter((s) => s.kind === 'received').length;
    sent += done;
    if (done === 0 && settled.every((s) => s.kind === 'not_sent')) return stop({ kind: 'not_our_backend' });
  }
  // What is left waits behind a record of the same device that was set aside.
  await settle([...mine.values()].map((row) => notSent(ports, row, 'answer_invalid', undefined)));
  return aside === undefined ? { sent } : { sent, failure: { why: aside, passing: true } };
}

/** As many leased records as one request takes; the rest keep their lease and go with the next. */
function fitting(leased: readonly { row: QueuedRecord; jws: string }[]) {
  let bytes = 1024;
  return leased.filter(({ jws }, i) => {
    bytes += jws.length + 3;
    return i === 0 || bytes <= MAX_BATCH_BYTES;
  });
}

async function batchOf(
  ports: DrainPorts,
  { epoch, signer: { kid } }: Enrolment,
  leased: readonly { row: QueuedRecord; jws: string }[],
) {
  // The newest record signed, not the newest sent: what it covers stays acceptable if the operator is revoked meanwhile.
  const head = await ports.outbox.head(kid);
  const summary = await ports.outbox.summary();
  const request: BatchRequest = {
    batch: uuid7(ports.clock.now(), ports.crypto),
    nonce: toBase64Url(ports.crypto.random(16)),
    head: {
      kid,
      seq: head.seq,
      digest: head.digest,
      epoch,
      unsent: summary.unsent,
      ...(summary.oldestUnsentAt === null ? {} : { oldestUnsentAt: toInstant(summary.oldestUnsentAt) }),
    },
    records: leased.map(({ jws }) => jws),
  };
  return request;
}

async function judge(
  ports: DrainPorts,
  aud: string,
  leased: readonly { row: QueuedRecord; jws: string }[],
  response: BatchResponse,
  signal: AbortSignal,
): Promise<Settlement[]> {
  let keys = await ports.work.statementKeys();
  let fetched = false;
  const settled: Settlement[] = [];
  for (const [i, { row }] of leased.entries()) {
    const result = response.results[i];
    if (result === undefined) {
      settled.push(notSent(ports, row, 'answer_invalid', undefined));
      continue;
    }
    if (result.status === 'rejected' && result.code !== undefined && result.digest === row.digest) {
      settled.push({ id: row.id, kind: 'rejected', code: result.code });
      continue;
    }
    let verdict = await verifyReceipt(row, result, aud, keys, ports.crypto);
    if (verdict.kind === 'unknown_key' && !fetched) {
      fetched = true;
      keys = await fetchKeys(ports, aud, keys, signal);
      verdict = await verifyReceipt(row, result, aud, keys, ports.crypto);
    }
    settled.push(
      verdict.kind === 'verified'
        ? {
            id: row.id,
            kind: 'received',
            receipt: verdict.receipt,
            receiptDigest: verdict.digest,
            receivedAt: verdict.at,
          }
        : notSent(ports, row, 'receipt_unverified', undefined),
    );
  }
  return settled;
}

async function fetchKeys(
  ports: DrainPorts,
  aud: string,
  known: StatementKeys,
  signal: AbortSignal,
): Promise<StatementKeys> {
  // Without a pin there is nothing to extend from: a first key is only ever taken at enrolment.
  if (known.size === 0) return known;
  const chain = await ports.backend.statementKeys(signal);
  if (!chain.ok) return known;
  const keys = await extendStatementKeys(known, chain.value, aud, ports.crypto);
  await ports.work.saveStatementKeys(keys);
  return keys;
}

async function pull(
  ports: DrainPorts,
  orgs: readonly string[],
  signal: AbortSignal,
): Promise<BackendFailure | undefined> {
  for (const org of orgs) {
    for (let more = true; more; ) {
      const after = await ports.outbox.cursor(org);
      const answer = await ports.backend.changes(org, after, signal);
      if (!answer.ok) return answer.failure;
      if (answer.value.cursor !== after)
        await ports.outbox.applyChanges(org, answer.value.cursor, answer.value.changes);
      more = answer.value.more && answer.value.cursor !== after;
    }
  }
  return undefined;
}

type NotSent = Extract<Settlement, { kind: 'not_sent' }>;

/** Not before other drains had their turn: due at once, it would be the first of the next batch again. */
function setAside(ports: DrainPorts, row: QueuedRecord): Settlement {
  const settled = notSent(ports, row, 'answer_invalid', undefined);
  return { ...settled, nextAt: Math.max(settled.nextAt, settled.fault.at + LEASE_MS) };
}

function notSent(
  ports: DrainPorts,
  row: QueuedRecord,
  code: SendFault['code'],
  failure: BackendFailure | undefined,
): NotSent {
  const now = ports.clock.now();
  const named = failure?.kind === 'busy' ? failure.retryAfterMs : null;
  const random = (ports.crypto.random(1)[0] ?? 0) / 256;
  return {
    id: row.id,
    kind: 'not_sent',
    fault: { code, at: now },
    nextAt: now + backoff(row.attempts, random, named),
  };
}

function faultOf(failure: BackendFailure): SendFault['code'] {
  switch (failure.kind) {
    case 'unreachable':
      return 'no_answer';
    case 'not_our_backend':
      return 'not_our_backend';
    case 'signed_out':
      return 'signed_out';
    case 'busy':
      return 'busy';
    case 'refused':
      return 'answer_invalid';
  }
}
