import type { BatchRequest, BatchResponse } from '../../contract/batch.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS } from '../../contract/envelope.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { toInstant } from '../../core/instant.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { BackendFailure, BackendResult } from '../ports/backend.ts';
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

/** A batch on its way. The answer's promise never rejects. */
interface Travelling {
  readonly leased: Leased;
  readonly answer: Promise<BackendResult<BatchResponse>>;
}

interface Answered {
  readonly leased: Leased;
  readonly response: BatchResponse;
}

/**
 * Two batches are on their way at a time once the first was answered, one while the line is bad or a culprit is sought.
 * While they travel, the receipts of the one before are verified and stored and the next is prepared, which hides the phone's
 * own work behind the network. A crash repeats three at most: what was on its way, and what was being stored.
 */
async function send(ports: DrainPorts, enrolment: Enrolment, signal: AbortSignal): Promise<Sent> {
  const size = new BatchSize(MAX_BATCH_RECORDS);
  /** Leased here and not settled yet. Left leased at the end, they would look as if on their way for another minute. */
  const mine = new Map<string, QueuedRecord>();
  const known = { keys: await ports.work.statementKeys() };
  const travelling: Travelling[] = [];
  let answered: Answered | undefined;
  let isFirst = true;
  let wasAnswered = false;
  /** Nothing more to lease until something is settled: a lane may come free. */
  let isDry = false;
  let sent = 0;
  let aside: BackendFailure | undefined;
  let refusal: BackendFailure | undefined;

  const settle = async (settled: readonly Settlement[]) => {
    if (settled.length > 0) await ports.outbox.settle(settled);
    for (const { id } of settled) mine.delete(id);
    isDry = false;
  };
  const stop = async (why: BackendFailure): Promise<Sent> => {
    await settle([...mine.values()].map((row) => notSent(ports, row, faultOf(why), why)));
    return { sent, failure: { why, passing: false } };
  };
  const setTheseAside = async (leased: Leased, why: BackendFailure) => {
    aside = why;
    await settle(leased.map(({ row }) => setAside(ports, row)));
  };
  const prepare = async (): Promise<{ readonly leased: Leased; readonly request: BatchRequest }> => {
    const now = ports.clock.now();
    const { owner, force = false, alone = false } = ports;
    const away = [...travelling, ...(answered === undefined ? [] : [answered])].flatMap((one) => one.leased);
    const held = await ports.outbox.lease({
      owner,
      now,
      until: now + LEASE_MS,
      limit: size.limit,
      force: force && aside === undefined,
      alone,
      besides: new Set(away.map(({ row }) => row.id)),
    });
    for (const { row } of held) mine.set(row.id, row);
    isDry = held.length < size.limit;
    const fit = fitting(held);
    const leased = (isFirst ? beginWith(fit, size) : fit).slice(0, size.limit);
    isFirst = false;
    return { leased, request: await batchOf(ports, enrolment, leased, away.length) };
  };
  /** Stores what the last answer proves. False where it proves nothing at all: then it was not our backend's. */
  const store = async (): Promise<boolean> => {
    if (answered === undefined) return true;
    const { leased, response } = answered;
    const settled = await judgeResults(ports, enrolment.credential.aud, known, leased, response, signal);
    answered = undefined;
    await settle(settled);
    const done = settled.filter((s) => s.kind === 'received').length;
    sent += done;
    return done > 0 || settled.some((s) => s.kind !== 'not_sent');
  };
  /** What else is on its way, before anything is concluded from a failure. */
  const comeHome = async (): Promise<boolean> => {
    let proved = await store();
    for (const { leased, answer } of travelling.splice(0)) {
      const other = await answer;
      if (!other.ok) continue;
      answered = { leased, response: other.value };
      proved = (await store()) && proved;
    }
    return proved;
  };
  const width = () => (wasAnswered && size.isWhole ? WIDTH : 1);

  for (;;) {
    if (!isDry && travelling.length < width()) {
      const { leased, request } = await prepare();
      if (leased.length > 0 && size.isCornered && refusal !== undefined) {
        await setTheseAside(leased, refusal);
        size.cornered();
      } else if (leased.length > 0) {
        travelling.push({ leased, answer: ports.backend.postBatch(request, signal) });
      } else isDry = true;
      continue;
    }
    if (answered !== undefined) {
      if (await store()) continue;
      await comeHome();
      return stop({ kind: 'not_our_backend' });
    }
    const one = travelling.shift();
    if (one === undefined) break;
    const answer = await one.answer;
    if (answer.ok) {
      answered = { leased: one.leased, response: answer.value };
      wasAnswered = true;
      const sought = size.isSeeking;
      size.taken(one.leased.length);
      // What one batch of a search brings decides what is in the next.
      if (!sought || (await store())) continue;
      return stop({ kind: 'not_our_backend' });
    }
    if (!(await comeHome())) return stop({ kind: 'not_our_backend' });
    const already = one.leased.some(({ row }) => row.fault?.code === 'answer_invalid');
    const action = size.afterRefusal(one.leased.length, answer.failure, already);
    if (action === 'stop') return stop(answer.failure);
    refusal = answer.failure;
    // Leased they are already; the culprit is sought from the front.
    isDry = false;
    if (action === 'set_aside') await setTheseAside(one.leased, answer.failure);
  }
  // What is left waits behind a record of the same device that was set aside.
  await settle([...mine.values()].map((row) => notSent(ports, row, 'answer_invalid', undefined)));
  return aside === undefined ? { sent } : { sent, failure: { why: aside, passing: true } };
}

/** On a good line: one more than one hides the way there and back, and what the server needs for a batch. */
const WIDTH = 2;

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
  leased: Leased,
  travelling: number,
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
      unsent: Math.max(0, summary.unsent - travelling - leased.length),
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
