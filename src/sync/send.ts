import type { BatchRequest, BatchResponse } from '../../contract/batch.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { toInstant } from '../../core/instant.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { BackendResult } from '../ports/backend.ts';
import type { Outbox, Settlement } from '../ports/outbox.ts';
import type { Enrolment } from '../ports/work.ts';
import type { DrainPorts } from './drain-ports.ts';
import { judgeResults } from './judge-results.ts';
import type { KnownKeys } from './known-keys.ts';
import { faultOf, LEASE_MS, notSent, setAside } from './not-sent.ts';
import type { Batch, SendEffect, SendEvent, Sent } from './send-state.ts';
import { beginSending, nextStep } from './send-table.ts';

/** What is to be sent: the outbox, or what the backend had and lost. */
export type SendQueue = Pick<Outbox, 'head' | 'lease' | 'settle' | 'summary'>;
type SendPorts = DrainPorts & { readonly queue: SendQueue };

/** Sends what waits, as the table says, and gives back at the end what it leased. */
export async function send(
  ports: DrainPorts,
  queue: SendQueue,
  enrolment: Enrolment,
  known: KnownKeys,
  signal: AbortSignal,
): Promise<Sent> {
  const perform = performerOf({ ...ports, queue }, enrolment, known, signal);
  let { state, effect } = beginSending();
  while (effect !== null) ({ state, effect } = nextStep(state, await perform(effect)));
  return state.end ?? { sent: state.sent };
}

function performerOf(
  ports: SendPorts,
  enrolment: Enrolment,
  known: KnownKeys,
  signal: AbortSignal,
): (effect: SendEffect) => Promise<SendEvent> {
  /** Answers under way, in the order of their batches. None of them rejects. */
  const answers: Promise<BackendResult<BatchResponse>>[] = [];
  const release = async (settlements: readonly Settlement[]): Promise<SendEvent> => {
    if (settlements.length > 0) await ports.queue.settle(settlements);
    return { kind: 'released', ids: settlements.map(({ id }) => id) };
  };
  return async (effect) => {
    switch (effect.kind) {
      case 'lease': {
        const now = ports.clock.now();
        const { owner, force = false, alone = false } = ports;
        const { limit, besides } = effect;
        const terms = {
          owner,
          now,
          until: now + LEASE_MS,
          limit,
          force: force && effect.mayForce,
          alone,
          besides,
        };
        return { kind: 'leased', records: await ports.queue.lease(terms) };
      }
      case 'post': {
        const request = await batchOf(ports, enrolment, effect.batch, effect.alsoInFlight);
        answers.push(ports.backend.postBatch(request, signal));
        return { kind: 'posted' };
      }
      case 'await_answer': {
        const answer = await answers.shift();
        if (answer === undefined) throw new Error('no batch is on its way');
        return { kind: 'answered', answer };
      }
      case 'store': {
        const { batch, response } = effect.answered;
        const settled = await judgeResults(ports, enrolment.credential.aud, known, batch, response, signal);
        if (settled.length > 0) await ports.queue.settle(settled);
        return { kind: 'stored', settled };
      }
      case 'set_aside':
        return release(effect.rows.map((row) => setAside(ports, row)));
      case 'give_back': {
        const { why } = effect;
        const code = why === null ? 'answer_invalid' : faultOf(why);
        return release(effect.rows.map((row) => notSent(ports, row, code, why ?? undefined)));
      }
    }
  };
}

async function batchOf(
  ports: SendPorts,
  { epoch, signer: { kid } }: Enrolment,
  batch: Batch,
  alsoInFlight: number,
): Promise<BatchRequest> {
  // The newest record signed, not the newest sent: what it covers stays acceptable if the operator is revoked meanwhile.
  const [head, summary] = await Promise.all([ports.queue.head(kid), ports.queue.summary()]);
  return {
    batch: uuid7(ports.clock.now(), ports.crypto),
    nonce: toBase64Url(ports.crypto.random(16)),
    head: {
      kid,
      seq: head.seq,
      digest: head.digest,
      epoch,
      // What still waits once this batch has arrived, for that is when this is read.
      unsent: Math.max(0, summary.unsent - alsoInFlight - batch.length),
      ...(summary.oldestUnsentAt === null ? {} : { oldestUnsentAt: toInstant(summary.oldestUnsentAt) }),
      ...(ports.persisted === undefined ? {} : { persisted: await ports.persisted() }),
    },
    records: batch.map(({ jws }) => jws),
  };
}
