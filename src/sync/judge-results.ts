import type { BatchResponse, RecordResult } from '../../contract/batch.ts';
import type { RejectionCode } from '../../contract/codes.ts';
import type { StatementKeys } from '../../core/statement.ts';
import type { QueuedRecord, Settlement } from '../ports/outbox.ts';
import type { DrainPorts } from './drain-ports.ts';
import { type KnownKeys, learnKeys } from './known-keys.ts';
import { keyUnknown, notSent } from './not-sent.ts';
import { type ReceiptVerdict, verifyReceipt } from './verify-receipt.ts';

/** What the backend's answers mean, record by record: nothing is believed that a known statement key did not sign. */
export async function judgeResults(
  ports: DrainPorts,
  aud: string,
  known: KnownKeys,
  leased: readonly { row: QueuedRecord; jws: string }[],
  response: BatchResponse,
  signal: AbortSignal,
): Promise<Settlement[]> {
  // Side by side: a hundred signatures one after the other are a long time on a phone.
  const judge = (keys: StatementKeys) =>
    Promise.all(leased.map(({ row }, i) => verdictOf(ports, row, response.results[i], aud, keys)));
  let verdicts = await judge(known.keys);
  if (verdicts.some((verdict) => verdict?.kind === 'unknown_key')) {
    await learnKeys(ports, aud, known, signal);
    verdicts = await judge(known.keys);
  }
  return leased.map(({ row }, i) => {
    const result = response.results[i];
    if (result === undefined) return notSent(ports, row, 'answer_invalid', undefined);
    // Told of the key, the backend takes the very same bytes.
    if (result.code === 'operator_key_unknown' && isUnreceiptable(result, row)) return keyUnknown(ports, row);
    if (result.code !== undefined && isUnreceiptable(result, row))
      return { id: row.id, kind: 'rejected', code: result.code };
    return settlementOf(ports, row, result, verdicts[i] ?? { kind: 'invalid' });
  });
}

async function verdictOf(
  ports: DrainPorts,
  row: QueuedRecord,
  result: RecordResult | undefined,
  aud: string,
  keys: StatementKeys,
): Promise<ReceiptVerdict | undefined> {
  if (result === undefined || isUnreceiptable(result, row)) return undefined;
  return verifyReceipt(row, result, aud, keys, ports.crypto);
}

function settlementOf(
  ports: DrainPorts,
  row: QueuedRecord,
  result: RecordResult,
  verdict: ReceiptVerdict,
): Settlement {
  if (verdict.kind !== 'verified') return notSent(ports, row, 'receipt_unverified', undefined);
  if (result.status === 'rejected') {
    return { id: row.id, kind: 'rejected', code: result.code ?? 'envelope_malformed' };
  }
  const { receipt, digest, at } = verdict;
  return { id: row.id, kind: 'received', receipt, receiptDigest: digest, receivedAt: at };
}

/** Rejections of what the backend cannot read or verify, so that there is nobody's record to sign a receipt for. */
const UNRECEIPTABLE: readonly RejectionCode[] = [
  'envelope_malformed',
  'version_unknown',
  'payload_invalid',
  'operator_key_unknown',
  'bad_signature',
];

function isUnreceiptable(result: RecordResult, row: QueuedRecord): boolean {
  const { status, code, receipt, digest } = result;
  return (
    status === 'rejected' &&
    receipt === undefined &&
    digest === row.digest &&
    code !== undefined &&
    isUnreceiptableCode(code)
  );
}

/** Whether a rejection with this code comes without a receipt. */
export function isUnreceiptableCode(code: RejectionCode): boolean {
  return UNRECEIPTABLE.includes(code);
}
