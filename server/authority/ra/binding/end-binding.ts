import type { OutcomeCode } from '../../../../contract/codes.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { RevocationReason } from '../../../ports/certificate-authority.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { Needs } from '../../../ports/stores.ts';
import { settle } from './settle.ts';

export interface Ending {
  readonly reason: RevocationReason;
  /** The code that its registration is answered with from now on. */
  readonly code: OutcomeCode;
  readonly at: string;
  readonly by: string;
}

/**
 * Ends a binding inside a transaction: revokes its certificates, abandons its open intent, and tells phones by a new
 * outcome of its registration. Returns the issuing CAs whose CRL must be signed anew once the transaction is durable.
 */
export async function endBinding(
  binding: Binding,
  { reason, code, at, by }: Ending,
  tx: Needs<'bindings' | 'revocations' | 'intents' | 'records' | 'changes' | 'audit'>,
): Promise<readonly IssuerName[]> {
  const issuers = await tx.revocations.revokeAll(binding.id, at, reason);
  await tx.bindings.end(binding.id, at);
  const intent = await tx.intents.ofBinding(binding.id);
  if (intent !== undefined) await tx.intents.abandon(intent.serial);
  const record = await tx.records.record(binding.registration);
  // A registration whose certificate is still being issued is decided anew, and then finds that this binding has ended.
  if (record === undefined || record.outcome === null) return issuers;
  const { maker, udid, domain } = binding;
  await settle(record, { outcome: 'refused', code, about: { maker, udid, domain }, at, by }, tx);
  return issuers;
}
