import type { BatchRequest, BatchResponse } from '../../contract/batch.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import type { GroupStores, InGroup } from '../ports/group-stores.ts';
import type { StepListener } from '../ports/instrument.ts';
import type { OperatorKey } from '../ports/operator-keys.ts';
import type { RecordOrId } from '../ports/records.ts';
import type { Needs } from '../ports/stores.ts';
import { Unavailable } from '../ports/unavailable.ts';
import type { StatementKeys, StatementSigner } from '../trail/statement-keys.ts';
import { type EnvelopeResult, keepRecord } from './keep-record.ts';
import { type OpenedEnvelope, openEnvelope } from './open-envelope.ts';
import { readId } from './payload.ts';

export interface ReceiveParts {
  readonly stores: Needs<'operatorKeys' | 'heads'>;
  readonly inGroup: InGroup;
  readonly statementKeys: StatementKeys;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly aud: string;
  readonly onStep: StepListener;
}

export interface Intake {
  /**
   * Takes a batch: each envelope is judged by itself, and what verified is durable, with its receipt, when the promise
   * resolves. Results stand in the order sent. Deciding comes after: `taken` is what there is to decide.
   */
  receive(
    batch: BatchRequest,
    uploader: string,
  ): Promise<{ readonly answer: BatchResponse; readonly undecided: readonly RecordOrId[] }>;
}

interface WaitingBatch {
  readonly batch: BatchRequest;
  readonly uploader: string;
  readonly opened: readonly OpenedEnvelope[];
  readonly done: PromiseWithResolvers<{ at: string; results: EnvelopeResult[] }>;
}

/** Most records of one transaction, which may hold the batches of several phones. */
const MOST = 256;

/** Group commit: batches that wait while others are written are written together, with one commit and one wait for the disk. */
export function intake(parts: ReceiveParts): Intake {
  const waiting: WaitingBatch[] = [];
  let writing = false;

  async function writeAll(): Promise<void> {
    if (writing) return;
    writing = true;
    for (;;) {
      const group: WaitingBatch[] = [];
      let records = 0;
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        records += next.opened.length;
        if (group.length > 0 && records > MOST) break;
        group.push(next);
        waiting.shift();
      }
      if (group.length === 0) break;
      await writeGroup(group);
    }
    writing = false;
  }

  async function writeGroup(group: readonly WaitingBatch[]): Promise<void> {
    try {
      const at = toInstant(parts.clock.now());
      const signer = await parts.statementKeys.active();
      const results = await write(group, signer, at);
      for (const [index, one] of group.entries()) one.done.resolve({ at, results: results[index] ?? [] });
    } catch (error) {
      const isTheDatabase = error instanceof Unavailable && error.isForAll;
      if (group.length === 1 || isTheDatabase) for (const one of group) one.done.reject(error);
      // One batch makes the whole group fail. Each is tried alone, to see whose fault it is.
      else for (const one of group) await writeGroup([one]);
    }
  }

  function write(
    group: readonly WaitingBatch[],
    signer: StatementSigner,
    at: string,
  ): Promise<EnvelopeResult[][]> {
    return parts.inGroup(async (stores) => {
      await stores.envelopes.prefetch(group.flatMap(({ opened }) => opened.flatMap(placeOf)));
      // All transactions lock heads in the same order, so that two of them cannot deadlock.
      const heads = group.flatMap(({ batch: { head }, uploader }) =>
        head === null ? [] : [{ head, uploader }],
      );
      heads.sort((one, other) => (one.head.kid < other.head.kid ? -1 : 1));
      for (const { head, uploader } of heads) await reportHead(head, uploader, at, stores);
      const all: EnvelopeResult[][] = [];
      for (const { uploader, opened } of group) {
        const out: EnvelopeResult[] = [];
        for (const envelope of opened) {
          out.push(
            envelope.ok
              ? await keepRecord(envelope, { stores, signer, aud: parts.aud, uploader, at })
              : { result: { digest: envelope.digest, status: 'rejected', code: envelope.code } },
          );
        }
        all.push(out);
      }
      return all;
    });
  }

  return {
    async receive(batch, uploader) {
      const opened: OpenedEnvelope[] = [];
      const keyOf = keysOf(parts.stores);
      for (const text of batch.records) opened.push(await openEnvelope(text, keyOf, parts.crypto));
      const done = Promise.withResolvers<{ at: string; results: EnvelopeResult[] }>();
      waiting.push({ batch, uploader, opened, done });
      void writeAll();
      const { at, results } = await done.promise;
      parts.onStep('received');
      return {
        answer: { batch: batch.batch, nonce: batch.nonce, at, results: results.map(({ result }) => result) },
        undecided: results.flatMap(({ record }) => record ?? []),
      };
    },
  };
}

/** Looks up each operator key once per batch: a phone's records are usually by one key, and a key and its owner never change. */
function keysOf({ operatorKeys }: Needs<'operatorKeys'>): (kid: string) => Promise<OperatorKey | undefined> {
  const answers = new Map<string, Promise<OperatorKey | undefined>>();
  return (kid) => {
    const known = answers.get(kid);
    if (known !== undefined) return known;
    const answer = operatorKeys.key(kid);
    answers.set(kid, answer);
    return answer;
  };
}

function placeOf(envelope: OpenedEnvelope) {
  if (!envelope.ok) return [];
  const { header, digest, payload } = envelope;
  return [{ digest, kid: header.kid, seq: header.seq, id: readId(payload) }];
}

/**
 * Stores the heartbeat. It counts only from the key's own operator and before the key's revocation, since a covered
 * head later decides what was captured before a revocation.
 */
async function reportHead(
  head: NonNullable<BatchRequest['head']>,
  uploader: string,
  at: string,
  { heads, operatorKeys }: Pick<GroupStores, 'heads' | 'operatorKeys'>,
): Promise<void> {
  const key = await operatorKeys.key(head.kid);
  if (key === undefined || key.operator !== uploader || key.revokedAt !== null) return;
  await heads.report({
    kid: head.kid,
    seq: head.seq,
    digest: head.digest,
    epoch: head.epoch,
    unsent: head.unsent,
    oldestUnsentAt: head.oldestUnsentAt ?? null,
    persisted: head.persisted ?? null,
    reportedAt: at,
  });
}
