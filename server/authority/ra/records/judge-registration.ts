import type { Role } from '../../../../contract/operator.ts';
import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import { CUSTODIANS } from '../../../../contract/roles.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { isUdid } from '../../../../core/udid.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { JudgeReads, Reads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { judgePolicy } from '../binding/policy.ts';
import { type DeviceMention, held, type Ruling, refused } from '../binding/ruling.ts';
import { identifyDevice, type KnownDevice } from './identify-device.ts';
import { type Proof, proveKey } from './judge-anchor.ts';
import { type Claim, judgeConflict } from './judge-conflict.ts';
import { judgeFound } from './judge-found.ts';
import { type Entitlement, isRuling, type JudgeInput } from './judge-input.ts';
import { judgeMove } from './judge-move.ts';
import { judgePlaceHere } from './judge-place-here.ts';
import { judgeRenewal } from './judge-renewal.ts';

const LOOKS_AFTER: ReadonlySet<Role> = new Set<Role>(CUSTODIANS);

/**
 * Step 8 for a registration, in five questions: who may bind where; which device it is; what is proved about its key;
 * whose it is now; what the policy says.
 */
export async function judgeRegistration(
  record: StoredRecord,
  approved: boolean,
  stores: JudgeReads,
  crypto: CryptoPort,
): Promise<Ruling> {
  const registration = parse(Registration, record.payload);
  if (registration === undefined) throw new Error('a kept registration no longer fits its schema');
  const place = await placeSaid(record, registration, stores);
  const input = { record, registration: { ...registration, place }, approved, stores, crypto };
  const entitlement = await judgeEntitlement(input);
  if (isRuling(entitlement)) return entitlement;
  const device = await identifyDevice(input, entitlement);
  const { keyDigest, about } = device;
  const before = await judgeFound({ ...entitlement, keyDigest }, record, stores);
  if (before.kind === 'nothing' || (before.kind === 'doubtful' && approved)) {
    const proof = await proveKey(input, device);
    return isRuling(proof) ? proof : judgeClaim(input, entitlement, device, proof);
  }
  // Whatever held the record then was approved then; what refuses it now, refuses it.
  const decided = { ...input, approved: true };
  const proof = await proveKey(decided, device);
  if (before.kind === 'doubtful') return isRuling(proof) ? proof : held(before.code, about);
  const ruling = isRuling(proof) ? proof : await judgeClaim(decided, entitlement, device, proof);
  return ruling.outcome === 'bind' ? { ...ruling, adopts: before.certificate } : ruling;
}

/** Its place, with what was corrected while it was held: that counts for what it comes to. */
async function placeSaid(
  { id }: StoredRecord,
  { place: { site: _site, position: _position, ...rest }, place }: Registration,
  { places }: Reads<'places'>,
): Promise<Registration['place']> {
  const [last] = await places.ofRegistration(id);
  if (last === undefined) return place;
  const { site, position } = last;
  return { ...rest, ...(site === null ? {} : { site }), ...(position === null ? {} : { position }) };
}

async function judgeEntitlement({ record, registration, stores }: JudgeInput): Promise<Ruling | Entitlement> {
  const { udid, maker, device, domain: name } = registration;
  const about: DeviceMention = { udid, domain: name, ...(maker === undefined ? {} : { maker }) };
  if (!isUdid(udid)) return refused('udid_invalid', about);
  const org = await stores.orgs.org(record.header.org);
  const domain = await stores.domains.domain(name);
  if (domain === undefined) return refused('domain_unknown', about);
  if (org === undefined || domain.org !== org.name || !(await isMember(record, stores)))
    return refused('domain_not_entitled', about);
  if (device.link === 'simulated' && !org.training) return refused('simulated_device', about);
  return { org, domain: domain.name, udid, about };
}

async function isMember(record: StoredRecord, { people }: Reads<'people'>): Promise<boolean> {
  const memberships = await people.memberships(record.author);
  return memberships.some(({ org }) => org === record.header.org);
}

/**
 * A device ends by whoever looks after it, as at the desk (contract/api.ts). An installer who replaces one asks for that, and
 * the desk decides: a name in a record must not take a device out of service that nobody has seen.
 */
async function mayEnd(record: StoredRecord, { people }: Reads<'people'>): Promise<boolean> {
  const memberships = await people.memberships(record.author);
  return memberships.some(({ org, role }) => org === record.header.org && LOOKS_AFTER.has(role));
}

/** What was held for another reason was approved for that one: nobody was asked about the device that would end. */
async function isEndAgreed(
  record: StoredRecord,
  approved: boolean,
  stores: Reads<'people'>,
): Promise<boolean> {
  return (approved && record.code === 'replaces_another') || mayEnd(record, stores);
}

/** The last two questions, asked once the device and the proof of its key are known. */
async function judgeClaim(
  { record, registration, approved, stores, crypto }: JudgeInput,
  { org, domain, udid }: Entitlement,
  { scope, maker, about, row, former, spki, keyDigest, standing }: KnownDevice,
  { fresh, anchored, pendingIn, drops, foreign }: Proof,
): Promise<Ruling> {
  const claim: Claim = {
    scope,
    org: org.name,
    domain,
    site: registration.place.site ?? null,
    maker,
    udid,
    keyDigest,
    registration: record.id,
    state: 'issuing',
    unproven: !fresh,
    firstUse: !anchored,
    endedAt: null,
  };
  const lineage = standing.kind === 'own' ? standing.lineage : undefined;
  // What the own list vouches for is told apart by its key from what has the same name elsewhere.
  const vouched = anchored && row !== undefined && foreign === undefined;
  const conflict = await judgeConflict(claim, { former, pendingIn, lineage, vouched }, about, stores);
  const facts = { org: org.name, domain, udid, row, spki, fresh, approved };
  if (conflict.kind === 'ruled') {
    const { ruling, elsewhere } = conflict;
    const { from } = registration;
    const input = { record, registration, stores, crypto };
    if (elsewhere !== undefined && from !== undefined && from.domain !== domain) {
      const moved = await judgeMove({ binding: elsewhere, from, domain, about }, facts, input);
      return judgeReplacing(moved, { record, registration, approved, claim, stores });
    }
    if (ruling.outcome !== 'same') return ruling;
    const here = await judgeRenewal(ruling, facts, record, stores);
    const placed = from === undefined ? here : await judgePlaceHere(here, from, input);
    return judgeReplacing(placed, { record, registration, approved, claim, stores });
  }
  if (foreign !== undefined) {
    const effect = { kind: 'row_claim', scope, ...foreign } as const;
    return { ...held('transfer_case', about), effect };
  }
  if (!anchored && !approved) {
    const detail = 'its row names a voucher, and none was shown that can be checked';
    return held('udid_only_row', about, row?.anchor === 'voucher' ? detail : undefined);
  }
  if (row?.stale === true && !approved) return held('row_stale', about);
  const replaces = await replacedBy(registration, claim, stores);
  if (replaces !== undefined && !(await isEndAgreed(record, approved, stores)))
    return held('replaces_another', about, `in the place of ${replaces.udid}`);
  const policy = await judgePolicy({ ...facts, adds: true }, about, stores);
  if (policy.kind === 'ruled') return policy.ruling;
  const { profile } = policy;
  const { displaces, apart } = conflict;
  const renamed = former.length > 0;
  return {
    outcome: 'bind',
    about,
    binding: apart === undefined ? claim : { ...claim, apart },
    spki,
    profile,
    displaces,
    drops,
    renamed,
    ...(replaces === undefined ? {} : { replaces, binding: bound(claim, replaces, apart) }),
  };
}

/** A device that is bound already takes another one's place as a new one does. */
async function judgeReplacing(
  ruling: Ruling,
  {
    record,
    registration,
    approved,
    claim,
    stores,
  }: Pick<JudgeInput, 'record' | 'registration' | 'approved' | 'stores'> & { readonly claim: Claim },
): Promise<Ruling> {
  if (ruling.outcome !== 'same' && ruling.outcome !== 'renew' && ruling.outcome !== 'move') return ruling;
  const replaces = await replacedBy(registration, claim, stores);
  if (replaces === undefined) return ruling;
  // As at the desk, a device takes one place only, so that one spare does not end device after device.
  const before = await stores.life.succession(ruling.binding.id);
  if (before !== undefined) return refused('replaces_two', ruling.about);
  if (!(await isEndAgreed(record, approved, stores)))
    return held('replaces_another', ruling.about, `in the place of ${replaces.udid}`);
  return { ...ruling, replaces };
}

/** The device in whose place it is to stand, if that is bound in the same domain of the same organisation. */
async function replacedBy(
  { replaces }: JudgeInput['registration'],
  claim: Claim,
  { liveBindings }: Reads<'liveBindings'>,
): Promise<Binding | undefined> {
  if (replaces === undefined || (replaces.maker === claim.maker && replaces.udid === claim.udid))
    return undefined;
  const named = await liveBindings.named(replaces.maker, replaces.udid);
  return named.find(
    ({ org, domain, scope, state, keyDigest }) =>
      org === claim.org &&
      domain === claim.domain &&
      scope === claim.scope &&
      state !== 'issuing' &&
      keyDigest !== claim.keyDigest,
  );
}

/** It takes the site over, where the registration names none. */
function bound(claim: Claim, before: Binding, apart: true | undefined): Claim {
  return { ...claim, site: claim.site ?? before.site, ...(apart === undefined ? {} : { apart }) };
}
