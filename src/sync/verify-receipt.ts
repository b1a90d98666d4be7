import type { RecordResult } from '../../contract/batch.ts';
import { parse } from '../../contract/parse.ts';
import { Receipt } from '../../contract/statement.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { type StatementKeys, verifyStatement } from '../../core/statement.ts';
import type { QueuedRecord } from '../ports/outbox.ts';

export type ReceiptVerdict =
  | { readonly kind: 'verified'; readonly receipt: string; readonly digest: string; readonly at: string }
  /** Signed by a statement key this phone does not know yet: fetch the chain of keys and ask again. */
  | { readonly kind: 'unknown_key' }
  | { readonly kind: 'invalid' };

/**
 * Whether this answer proves that the backend has this record: signed by a known statement key, for this installation,
 * this id, this digest, this place in this key's chain, and for the same answer, taken or rejected. Anything short of it
 * proves nothing.
 */
export async function verifyReceipt(
  row: QueuedRecord,
  result: RecordResult,
  aud: string,
  keys: StatementKeys,
  crypto: CryptoPort,
): Promise<ReceiptVerdict> {
  if (result.receipt === undefined || result.digest !== row.digest) return { kind: 'invalid' };
  const statement = await verifyStatement(result.receipt, 'receipt+jws', keys, crypto);
  if (!statement.ok) return { kind: statement.reason };
  const receipt = parse(Receipt, statement.payload);
  const fits =
    receipt?.aud === aud &&
    receipt.id === row.id &&
    receipt.digest === row.digest &&
    receipt.kid === row.kid &&
    receipt.seq === row.seq &&
    receipt.status === (result.status === 'rejected' ? 'rejected' : 'received');
  return fits
    ? { kind: 'verified', receipt: result.receipt, digest: statement.digest, at: receipt.at }
    : { kind: 'invalid' };
}
