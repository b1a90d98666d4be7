import type { BatchRequest, BatchResponse, RecordResult } from '../../contract/batch.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { StepListener } from '../ports/instrument.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import type { StatementKeys } from '../statements/statement-keys.ts';
import { keepRecord } from './keep-record.ts';
import { type OpenedEnvelope, openEnvelope } from './open-envelope.ts';

export interface ReceiveParts {
  readonly stores: Needs<'operatorKeys' | 'heads'>;
  readonly transact: Transact<
    'envelopes' | 'records' | 'people' | 'statements' | 'audit' | 'heads' | 'operatorKeys'
  >;
  readonly statementKeys: StatementKeys;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly aud: string;
  readonly onStep: StepListener;
}

/**
 * Takes a batch: each envelope is judged by itself, and what verified is durable, with its receipt, when the promise
 * resolves. Results stand in the order sent. Deciding comes after.
 */
export async function receiveBatch(
  batch: BatchRequest,
  uploader: string,
  parts: ReceiveParts,
): Promise<BatchResponse> {
  const opened: OpenedEnvelope[] = [];
  for (const text of batch.records) opened.push(await openEnvelope(text, parts.stores, parts.crypto));
  const signer = await parts.statementKeys.active();
  const at = toInstant(parts.clock.now());
  const results = await parts.transact(async (stores) => {
    await reportHead(batch.head, uploader, at, stores);
    const out: RecordResult[] = [];
    for (const envelope of opened) {
      out.push(
        envelope.ok
          ? await keepRecord(envelope, { stores, signer, aud: parts.aud, uploader, at })
          : { digest: envelope.digest, status: 'rejected', code: envelope.code },
      );
    }
    return out;
  });
  parts.onStep('received');
  return { batch: batch.batch, nonce: batch.nonce, at, results };
}

/**
 * Keeps the heartbeat. Only from the key's own operator, and not after revocation: what a head covers decides later
 * what was captured before a revocation.
 */
async function reportHead(
  head: BatchRequest['head'],
  uploader: string,
  at: string,
  { heads, operatorKeys }: Needs<'heads' | 'operatorKeys'>,
): Promise<void> {
  if (head === null) return;
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
