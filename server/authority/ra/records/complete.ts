import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { Intent, SignedCertificate } from '../../../ports/certificate-authority.ts';
import type { GroupStores, Reads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { type SettleStores, settle } from '../binding/settle.ts';

/** A record whose certificate is being issued, as read inside the transaction that completes it. */
interface IssuingRecord {
  readonly record: StoredRecord | undefined;
  readonly binding: Binding | undefined;
}

export async function readIssuing(
  record: StoredRecord | undefined,
  { bindings }: Reads<'bindings'>,
): Promise<IssuingRecord> {
  return {
    record,
    binding: record?.binding == null ? undefined : await bindings.binding(record.binding),
  };
}

/** The stores that completing writes to, alike in a transaction of its own and in a group. */
interface CompleteStores extends SettleStores {
  readonly bindings: Pick<GroupStores['bindings'], 'setState'>;
  readonly certificates: Pick<GroupStores['certificates'], 'issue'>;
  readonly intents: Pick<GroupStores['intents'], 'ofBinding'>;
}

/** The second durable step of issuing: certificate, outcome and change of one record, inside a transaction. */
export async function complete(
  { record, binding }: IssuingRecord,
  intent: Pick<Intent, 'serial' | 'issuer'>,
  signed: SignedCertificate,
  at: string,
  stores: CompleteStores,
): Promise<void> {
  if (record === undefined || record.outcome !== null) return; // another process finished it
  if (binding === undefined || binding.endedAt !== null) return; // ended meanwhile: judged anew next time
  const renewed = binding.registration !== record.id;
  const from = parse(Registration, record.payload)?.from;
  // A move is issued as a renewal is, for another domain.
  const code = from === undefined || from.domain === binding.domain ? 'renewed' : 'moved';
  if (renewed) {
    // The device may have finished this renewal over EST, or another process abandoned it at its start. The record is
    // then judged anew.
    const open = await stores.intents.ofBinding(binding.id);
    if (open?.serial !== intent.serial) return;
  }
  await stores.certificates.issue(intent.serial, signed);
  if (!renewed) await stores.bindings.setState(binding.id, 'issued');
  const { maker, udid, domain, unproven } = binding;
  const { fingerprint } = signed;
  await settle(
    record,
    {
      outcome: 'bound',
      ...(renewed ? { code } : {}),
      about: { maker, udid, domain },
      at,
      unproven,
      fingerprint,
      // The approver's name is stored with the record, since a crash may lie between the approval and this step.
      ...(record.approvedBy === null ? {} : { by: record.approvedBy }),
    },
    stores,
  );
  await audit(stores.audit, {
    at,
    step: STEPS.issue,
    event: renewed ? code : 'issued',
    actor: intent.issuer,
    org: binding.org,
    subject: udid,
    detail: `serial ${intent.serial}, SHA-256 ${fingerprint}`,
  });
}
