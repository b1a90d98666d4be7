import { Unknown as Any, Object as Obj } from 'typebox/type';
import type { HeldRecord } from '../../../../contract/approval.ts';
import { OUTCOME_CODES } from '../../../../contract/codes.ts';
import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import { DomainName, Maker, Maybe, OneOf, Udid } from '../../../../contract/scalars.ts';
import type { Clock } from '../../../../core/clock.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { mentionOf } from '../binding/ruling.ts';
import { settle } from '../binding/settle.ts';
import type { Decider } from './decider.ts';

export interface ApprovalParts {
  readonly stores: Needs<'records' | 'people'>;
  readonly transact: Transact<'records' | 'changes' | 'audit'>;
  readonly decider: Decider;
  readonly clock: Clock;
}

/** A payload that names a device, with values of any type. */
const Payload = Obj({ maker: Maybe(Any()), udid: Maybe(Any()), domain: Maybe(Any()) });

/** The records of this organisation that are held until a person decides. */
export async function heldRecords(
  org: string,
  { records, people }: Needs<'records' | 'people'>,
): Promise<HeldRecord[]> {
  const out: HeldRecord[] = [];
  for (const record of await records.held(org, 500)) {
    const registration = parse(Registration, record.payload);
    // Records of other kinds are held too, and their payloads name the device in the same fields. A payload without
    // these fields must not hide the rest.
    const payload = parse(Payload, record.payload) ?? {};
    out.push({
      record: record.id,
      code: parse(OneOf(...OUTCOME_CODES), record.code) ?? 'submitted_as_found',
      heldAt: record.decidedAt ?? record.receivedAt,
      capturedAt: record.capturedAt,
      operatorName: ((await people.person(record.author))?.name ?? record.author).slice(0, 120),
      maker: parse(Maker, payload.maker) ?? 'unknown',
      udid: parse(Udid, payload.udid) ?? 'unknown',
      domain: parse(DomainName, payload.domain) ?? 'unknown',
      ...whereOf(registration),
      possession: registration?.device.possession ?? 'static',
    });
  }
  return out;
}

function whereOf(registration: Registration | undefined): Pick<HeldRecord, 'site' | 'position'> {
  const { site, position } = registration?.place ?? {};
  return { ...(site === undefined ? {} : { site }), ...(position === undefined ? {} : { position }) };
}

/** `suspended`: the device is suspended, so an approval would bind nothing; it is to be resumed first. */
export type ApprovalResult = 'done' | 'not_found' | 'own_record' | 'not_held' | 'suspended';

/**
 * A person decides a held record. Four eyes: whoever captured it cannot decide it, and the second person's name goes
 * on the trail.
 */
export async function decideHeld(
  request: {
    readonly record: string;
    readonly org: string;
    readonly by: string;
    readonly decision: 'approve' | 'refuse';
    readonly reason: string;
  },
  parts: ApprovalParts,
): Promise<ApprovalResult> {
  const record = await parts.stores.records.record(request.record);
  if (record === undefined || record.header.org !== request.org) return 'not_found';
  if (record.author === request.by) return 'own_record';
  if (record.outcome !== 'held') return 'not_held';
  const word = { by: request.by, reason: request.reason.trim() };
  if (request.decision === 'refuse') {
    await refuse(record, word, parts);
    return 'done';
  }
  await parts.decider.approve(record.id, word);
  const now = await parts.stores.records.record(record.id);
  return now?.outcome === 'held' && now.code === 'device_suspended' ? 'suspended' : 'done';
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
    const about = mentionOf(record);
    const outcome = { outcome: 'refused', code: 'approval_refused' } as const;
    await settle(record, { ...outcome, detail: reason, because: reason, about, at, by }, tx);
  });
}
