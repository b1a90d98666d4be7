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
  const { aud, memberships } = enrolment.credential;
  let sent = 0;
  for (;;) {
    const now = ports.clock.now();
    const held = await ports.outbox.lease({
      owner: ports.owner,
      now,
      until: now + LEASE_MS,
      limit: MAX_BATCH_RECORDS,
      force: ports.force ?? false,
    });
    const leased = fitting(held);
    if (leased.length === 0) break;
    const answer = await ports.backend.postBatch(await batchOf(ports, enrolment, leased), signal);
    if (!answer.ok) {
      // Those that did not fit as well: kept leased, they would look as if on their way for another minute.
      await ports.outbox.settle(
        held.map(({ row }) => notSent(ports, row, faultOf(answer.failure), answer.failure)),
      );
      return { kind: 'stopped', sent, failure: answer.failure };
    }
    const settled = await judge(ports, aud, leased, answer.value, signal);
    await ports.outbox.settle(settled);
    const done = settled.filter((s) => s.kind === 'received').length;
    sent += done;
    if (done === 0 && settled.every((s) => s.kind === 'not_sent')) {
      return { kind: 'stopped', sent, failure: { kind: 'not_our_backend' } };
    }
  }
  const failure = await pull(
    ports,
    memberships.map((m) => m.org),
    signal,
  );
  return failure === undefined ? { kind: 'done', sent } : { kind: 'stopped', sent, failure };
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

function notSent(
  ports: DrainPorts,
  row: QueuedRecord,
  code: SendFault['code'],
  failure: BackendFailure | undefined,
): Settlement {
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
