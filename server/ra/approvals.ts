import type { HeldRecord } from '../../contract/approval.ts';
import { parse } from '../../contract/parse.ts';
import { Registration } from '../../contract/registration.ts';
import { toInstant } from '../../core/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredRecord } from '../ports/records.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import type { Decider } from './decider.ts';
import { settle } from './settle.ts';

export interface ApprovalParts {
  readonly stores: Needs<'records' | 'people'>;
  readonly transact: Transact<'records' | 'changes' | 'audit'>;
  readonly decider: Decider;
  readonly clock: Clock;
}

/** What waits for a person in this organisation. */
export async function heldRecords(
  org: string,
  { records, people }: Needs<'records' | 'people'>,
): Promise<HeldRecord[]> {
  const out: HeldRecord[] = [];
  for (const record of await records.held(org, 500)) {
    const registration = parse(Registration, record.payload);
    // Records without a device of their own are held too; they name the device they speak of.
    const { maker, udid, domain } = (registration ?? record.payload) as Partial<Record<string, string>>;
    out.push({
      record: record.id,
      code: record.code ?? 'submitted_as_found',
      heldAt: record.decidedAt ?? record.receivedAt,
      capturedAt: record.capturedAt,
      operatorName: (await people.person(record.author))?.name ?? record.author,
      maker: maker ?? 'unknown',
      udid: udid ?? 'unknown',
      domain: domain ?? 'unknown',
      possession: registration?.device.possession ?? 'static',
    });
  }
  return out;
}

export type ApprovalResult = 'done' | 'not_found' | 'own_record' | 'not_held';

/** Four eyes: whoever captured it cannot decide it; the second person's name goes on the trail. */
export async function decideHeld(
  asked: {
    readonly record: string;
    readonly org: string;
    readonly by: string;
    readonly decision: 'approve' | 'refuse';
    readonly reason: string;
  },
  parts: ApprovalParts,
): Promise<ApprovalResult> {
  const record = await parts.stores.records.record(asked.record);
  if (record === undefined || record.header.org !== asked.org) return 'not_found';
  if (record.author === asked.by) return 'own_record';
  if (record.outcome !== 'held') return 'not_held';
  if (asked.decision === 'approve') await parts.decider.approve(record.id, { by: asked.by });
  else await refuse(record, asked, parts);
  return 'done';
}

async function refuse(
  { id }: StoredRecord,
  { by, reason }: { readonly by: string; readonly reason: string },
  { transact, clock }: ApprovalParts,
): Promise<void> {
  await transact(async (tx) => {
    const record = await tx.records.record(id);
    if (record?.outcome !== 'held') return;
    const at = toInstant(clock.now());
    const about = record.udid === '' ? {} : { udid: record.udid };
    await settle(record, { outcome: 'refused', code: 'approval_refused', detail: reason, about, at, by }, tx);
  });
}
