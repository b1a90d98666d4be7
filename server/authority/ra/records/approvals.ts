import { Unknown as Any, Object as Obj } from 'typebox/type';
import { FailedCheck, type HeldRecord } from '../../../../contract/approval.ts';
import { OUTCOME_CODES } from '../../../../contract/codes.ts';
import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import { DomainName, Maker, Maybe, OneOf, Udid } from '../../../../contract/scalars.ts';
import type { Clock } from '../../../../core/clock.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { Standing } from '../../../ports/places.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { placeOfHeld } from '../binding/place-now.ts';
import { mentionOf } from '../binding/ruling.ts';
import { settle } from '../binding/settle.ts';
import { standBackFromHeld } from '../binding/stand-back.ts';
import type { Decider } from './decider.ts';
import { heldAsks } from './held-asks.ts';
import { heldEvidence } from './held-evidence.ts';
import { failedCheckOf } from './judge-anchor.ts';

export interface ApprovalParts {
  readonly stores: Needs<'records' | 'people' | 'rowClaims' | 'list'>;
  readonly transact: Transact<
    'records' | 'changes' | 'audit' | 'places' | 'bindings' | 'intents' | 'certificates' | 'handed'
  >;
  readonly decider: Decider;
  readonly clock: Clock;
}

/** A payload that names a device, with values of any type. */
const Payload = Obj({ maker: Maybe(Any()), udid: Maybe(Any()), domain: Maybe(Any()) });

/** The records of this organisation that are held until a person decides. */
export async function heldRecords(
  org: string,
  stores: Needs<
    | 'records'
    | 'people'
    | 'changes'
    | 'rowClaims'
    | 'orgs'
    | 'domains'
    | 'list'
    | 'liveBindings'
    | 'places'
    | 'life'
  >,
  crypto: Pick<CryptoPort, 'digest'>,
): Promise<HeldRecord[]> {
  const { records, people, changes, rowClaims, orgs } = stores;
  const out: HeldRecord[] = [];
  // Claims on the own rows come first: nobody else can decide them.
  for (const claim of await rowClaims.ofOwner(org, MOST / 2)) {
    const record = await records.record(claim.record);
    if (record === undefined) continue;
    const claimant = ((await orgs.org(claim.claimant))?.title ?? claim.claimant).slice(0, 120);
    // Of the people of another organisation its desk learns as little as they of this one.
    const said = toHeld(record, claimant, await placeOfHeld(record, stores));
    out.push({ ...said, maker: claim.maker, udid: claim.udid, row: 'own', claimant });
  }
  for (const record of await records.held(org, MOST - out.length)) {
    const name = ((await people.person(record.author))?.name ?? record.author).slice(0, 120);
    const last = await changes.lastOf(org, record.id);
    const check = parse(FailedCheck, failedCheckOf(last?.detail));
    const elsewhere = record.code === 'transfer_case';
    const registration = parse(Registration, record.payload);
    const place = await placeOfHeld(record, stores);
    const evidence = registration && (await heldEvidence(registration, { org, place }, stores, crypto));
    out.push({
      ...toHeld(record, name, place),
      ...(await heldAsks(record, stores)),
      ...(last?.detail == null || check !== undefined ? {} : { detail: last.detail.slice(0, 300) }),
      ...evidence,
      ...(check === undefined ? {} : { check }),
      ...(elsewhere ? { row: 'elsewhere' as const } : {}),
    });
  }
  return out;
}

/** With what was corrected while it is held: that is where an approval puts the device. */
function whereOf(place: Standing | undefined): Pick<HeldRecord, 'site' | 'position'> {
  const { site, position } = place ?? {};
  return { ...(site == null ? {} : { site }), ...(position == null ? {} : { position }) };
}

/** Most records that a desk is shown. */
const MOST = 500;

function toHeld(record: StoredRecord, operatorName: string, place: Standing | undefined): HeldRecord {
  const registration = parse(Registration, record.payload);
  // Records of other kinds are held too, and their payloads name the device in the same fields. A payload without these
  // fields must not hide the rest.
  const payload = parse(Payload, record.payload) ?? {};
  return {
    record: record.id,
    code: parse(OneOf(...OUTCOME_CODES), record.code) ?? 'submitted_as_found',
    heldAt: record.decidedAt ?? record.receivedAt,
    capturedAt: record.capturedAt,
    operatorName,
    maker: parse(Maker, payload.maker) ?? 'unknown',
    udid: parse(Udid, payload.udid) ?? 'unknown',
    domain: parse(DomainName, payload.domain) ?? 'unknown',
    ...whereOf(place),
    possession: registration?.device.possession ?? 'static',
  };
}

/**
 * `suspended`: the device is suspended, so an approval would bind nothing; it is to be resumed first. `row_elsewhere`: the record
 * waits for the people of another organisation, whose list row it would bind.
 */
export type ApprovalResult = 'done' | 'not_found' | 'own_record' | 'not_held' | 'suspended' | 'row_elsewhere';

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
  // Their own people may refuse it, and nobody of them may pass it over.
  if (await isElsewhere(record.id, parts.stores)) return 'row_elsewhere';
  await parts.decider.approve(record.id, word);
  const now = await parts.stores.records.record(record.id);
  return now?.outcome === 'held' && now.code === 'device_suspended' ? 'suspended' : 'done';
}

/** Whether the row that the record waits for is still another organisation's. */
async function isElsewhere(record: string, { rowClaims, list }: ApprovalParts['stores']): Promise<boolean> {
  const claim = await rowClaims.ofRecord(record);
  if (claim === undefined) return false;
  const rows = await list.ofUdid(claim.scope, claim.udid);
  return rows.some(({ org, row }) => org === claim.owner && row.maker === claim.maker);
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
    await standBackFromHeld(record, { at, by }, tx);
    const outcome = { outcome: 'refused', code: 'approval_refused' } as const;
    await settle(record, { ...outcome, detail: reason, because: reason, about, at, by }, tx);
  });
}
