import { audit } from '../audit/chain.ts';
import { STEPS } from '../audit/steps.ts';
import type { Binding } from '../ports/bindings.ts';
import type { Intent, SignedCertificate } from '../ports/certificate-authority.ts';
import type { StoredRecord } from '../ports/records.ts';
import type { Needs } from '../ports/stores.ts';
import { settle } from './settle.ts';

/** A record whose certificate is being issued, as it stands inside the transaction that completes it. */
export interface Begun {
  readonly record: StoredRecord | undefined;
  readonly binding: Binding | undefined;
}

export async function readBegun(
  record: StoredRecord | undefined,
  { bindings }: Needs<'bindings'>,
): Promise<Begun> {
  return {
    record,
    binding: record?.binding == null ? undefined : await bindings.binding(record.binding),
  };
}

/** The second durable step of issuing: certificate, outcome and change of one record, inside a transaction. */
export async function complete(
  { record, binding }: Begun,
  intent: Pick<Intent, 'serial' | 'issuer'>,
  signed: SignedCertificate,
  at: string,
  stores: Needs<'records' | 'changes' | 'audit' | 'bindings' | 'certificates'>,
): Promise<void> {
  if (record === undefined || record.outcome !== null) return; // another process finished it
  if (binding === undefined || binding.endedAt !== null) return; // ended meanwhile: judged anew next time
  await stores.certificates.issue(intent.serial, signed);
  await stores.bindings.setState(binding.id, 'issued');
  const { maker, udid, domain, unproven } = binding;
  const { fingerprint } = signed;
  await settle(
    record,
    {
      outcome: 'bound',
      about: { maker, udid, domain },
      at,
      unproven,
      fingerprint,
      // Kept with the record, since a crash may lie between the person's word and this.
      ...(record.approvedBy === null ? {} : { by: record.approvedBy }),
    },
    stores,
  );
  await audit(stores.audit, {
    at,
    step: STEPS.issue,
    event: 'issued',
    actor: intent.issuer,
    org: binding.org,
    subject: udid,
    detail: `serial ${intent.serial}, SHA-256 ${fingerprint}`,
  });
}
