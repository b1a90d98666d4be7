import type { BatchRequest } from '../../contract/batch.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS } from '../../contract/envelope.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { toInstant } from '../../core/instant.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { BackendFailure } from '../ports/backend.ts';
import type { QueuedRecord, Settlement } from '../ports/outbox.ts';
import type { Enrolment } from '../ports/work.ts';
import { BatchSize } from './batch-size.ts';
import type { DrainPorts } from './drain-ports.ts';
import { judgeResults } from './judge-results.ts';
import { faultOf, LEASE_MS, notSent, setAside } from './not-sent.ts';

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

type Leased = Awaited<ReturnType<DrainPorts['outbox']['lease']>>;

/**
 * One batch is on its way at a time, so that a crash repeats one at most. While it travels the next is leased, which
 * hides the phone's own work behind the network.
 */
async function send(ports: DrainPorts, enrolment: Enrolment, signal: AbortSignal): Promise<Sent> {
  const size = new BatchSize(MAX_BATCH_RECORDS);
  /** Leased here and not settled yet. Left leased at the end, they would look as if on their way for another minute. */
  const mine = new Map<string, QueuedRecord>();
  let sent = 0;
  let aside: BackendFailure | undefined;
  let refusal: BackendFailure | undefined;

  const settle = async (settled: readonly Settlement[]) => {
    await ports.outbox.settle(settled);
    for (const { id } of settled) mine.delete(id);
  };
  const stop = async (why: BackendFailure): Promise<Sent> => {
    await settle([...mine.values()].map((row) => notSent(ports, row, faultOf(why), why)));
    return { sent, failure: { why, passing: false } };
  };
  const lease = async (besides: Leased): Promise<Leased> => {
    const now = ports.clock.now();
    const { owner, force = false, alone = false } = ports;
    const held = await ports.outbox.lease({
      owner,
      now,
      until: now + LEASE_MS,
      limit: size.limit,
      force: force && aside === undefined,
      alone,
      besides: new Set(besides.map(({ row }) => row.id)),
    });
    for (const { row } of held) mine.set(row.id, row);
    return fitting(held);
  };

  let next = beginWith(await lease([]), size);
  for (;;) {
    const leased = next.slice(0, size.limit);
    if (leased.length === 0) break;
    if (size.isCornered && refusal !== undefined) {
      aside = refusal;
      await settle(leased.map(({ row }) => setAside(ports, row)));
      size.cornered();
      next = await lease([]);
      continue;
    }
    const posted = ports.backend.postBatch(await batchOf(ports, enrolment, leased), signal);
    const ahead = lease(leased);
    const [answer, prepared] = await Promise.all([posted, ahead]);
    if (!answer.ok) {
      const before = leased.some(({ row }) => row.fault?.code === 'answer_invalid');
      const action = size.afterRefusal(leased.length, answer.failure, before);
      if (action === 'stop') return stop(answer.failure);
      refusal = answer.failure;
      if (action === 'set_aside') {
        aside = answer.failure;
        await settle(leased.map(({ row }) => setAside(ports, row)));
      }
      // What was leased ahead is leased already; the culprit is sought from the front.
      next = await lease([]);
      continue;
    }
    size.taken(leased.length);
    const settled = await judgeResults(ports, enrolment.credential.aud, leased, answer.value, signal);
    await settle(settled);
    const done = settled.filter((s) => s.kind === 'received').length;
    sent += done;
    if (done === 0 && settled.every((s) => s.kind === 'not_sent')) return stop({ kind: 'not_our_backend' });
    // A lane may have come free with this batch: what waited behind it goes with the next.
    next = prepared.length < size.limit ? await lease([]) : prepared;
  }
  // What is left waits behind a record of the same device that was set aside.
  await settle([...mine.values()].map((row) => notSent(ports, row, 'answer_invalid', undefined)));
  return aside === undefined ? { sent } : { sent, failure: { why: aside, passing: true } };
}

/** How the last try ended says how this one begins. */
function beginWith(leased: Leased, size: BatchSize): Leased {
  const [first] = leased;
  if (first?.row.fault?.code === 'no_answer') size.careful();
  if (first?.row.fault?.code === 'answer_invalid') {
    const { at } = first.row.fault;
    size.suspect(
      leased.filter(({ row }) => row.fault?.code === 'answer_invalid' && row.fault.at === at).length,
    );
  }
  return leased;
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
  const [head, summary] = await Promise.all([ports.outbox.head(kid), ports.outbox.summary()]);
  const request: BatchRequest = {
    batch: uuid7(ports.clock.now(), ports.crypto),
    nonce: toBase64Url(ports.crypto.random(16)),
    head: {
      kid,
      seq: head.seq,
      digest: head.digest,
      epoch,
      // What still waits once this batch has arrived, for that is when this is read.
      unsent: Math.max(0, summary.unsent - leased.length),
      ...(summary.oldestUnsentAt === null ? {} : { oldestUnsentAt: toInstant(summary.oldestUnsentAt) }),
      ...(ports.persisted === undefined ? {} : { persisted: await ports.persisted() }),
    },
    records: leased.map(({ jws }) => jws),
  };
  return request;
}

async function pull(
  ports: DrainPorts,
  orgs: readonly string[],
  signal: AbortSignal,
): Promise<BackendFailure | undefined> {
  let refused: BackendFailure | undefined;
  for (const org of orgs) {
    for (let more = true; more; ) {
      const after = await ports.outbox.cursor(org);
      const answer = await ports.backend.changes(org, after, signal);
      if (!answer.ok) {
        if (answer.failure.kind !== 'refused') return answer.failure;
        refused = answer.failure; // of this organisation only: the others still have something to say
        break;
      }
      if (answer.value.cursor !== after)
        await ports.outbox.applyChanges(org, answer.value.cursor, answer.value.changes);
      more = answer.value.more && answer.value.cursor !== after;
    }
  }
  return refused;
}
