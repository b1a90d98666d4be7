import { parse } from '../../../../contract/parse.ts';
import { Registration } from '../../../../contract/registration.ts';
import { fromBase64Url } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { isUdid } from '../../../../core/udid.ts';
import { scopeOf } from '../../../ports/orgs.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs } from '../../../ports/stores.ts';
import { formerNames, isRevokedAs } from '../binding/former-names.ts';
import { judgePolicy } from '../binding/policy.ts';
import { type About, held, type Ruling, refused } from '../binding/ruling.ts';
import { findListRow } from './find-row.ts';
import { type Claim, judgeConflict } from './judge-conflict.ts';
import { judgeEvidence } from './judge-evidence.ts';
import { asRecorded, judgeLineage } from './judge-lineage.ts';
import { judgeRenewal } from './judge-renewal.ts';
import { judgeVoucher } from './judge-voucher.ts';

export type RegistrationStores = Needs<
  | 'orgs'
  | 'people'
  | 'domains'
  | 'list'
  | 'tombstones'
  | 'bindings'
  | 'certificates'
  | 'lineage'
  | 'intents'
  | 'statements'
  | 'policies'
  | 'tpms'
>;

/** Maker of a device that stands on no list and whose phone could not tell either. */
const NO_MAKER = 'unknown';

/**
 * Step 8 for a registration. `approved`: a second person has looked at it and takes it as it is, which passes over what
 * is held, never over what is refused.
 */
export async function judgeRegistration(
  record: StoredRecord,
  approved: boolean,
  stores: RegistrationStores,
  crypto: CryptoPort,
): Promise<Ruling> {
  const registration = parse(Registration, record.payload);
  if (registration === undefined) throw new Error('a kept registration no longer fits its schema');
  const { udid, device } = registration;
  let about: About = { udid, domain: registration.domain };
  if (registration.maker !== undefined) about = { ...about, maker: registration.maker };

  if (!isUdid(udid)) return refused('udid_invalid', about);
  const org = await stores.orgs.org(record.header.org);
  const domain = await stores.domains.domain(registration.domain);
  if (domain === undefined) return refused('domain_unknown', about);
  if (org === undefined || domain.org !== org.name || !(await isMember(record, stores))) {
    return refused('domain_not_entitled', about);
  }
  if (device.link === 'simulated' && !org.training) return refused('simulated_device', about);

  const scope = scopeOf(org);
  const row = await findListRow(
    scope,
    { maker: registration.maker, udid, publicKey: device.publicKey },
    stores,
  );
  const maker = row?.maker ?? registration.maker ?? NO_MAKER;
  about = { ...about, maker };

  const spki = fromBase64Url(device.publicKey) ?? new Uint8Array();
  const keyDigest = await crypto.digest(spki);
  const former = await formerNames(scope, row, stores);
  const standing = await judgeLineage(
    scope,
    [{ maker, udid }, ...former],
    { keyDigest, now: record.receivedAt },
    stores,
  );
  const recorded = await asRecorded(registration, row, standing, crypto);
  const evidence = await judgeEvidence(recorded.registration, recorded.row, stores, crypto);
  if (evidence.fatal === 'tombstoned' || (await isRevokedAs(former, stores, crypto)))
    return refused('tombstoned', about);
  if (approved && evidence.fatal !== undefined) return refused(evidence.fatal, about);
  // Nobody passes over that it is another device's. One that only waits to be is whose device proves it here and now.
  const drops = standing.kind === 'foreign' && evidence.fresh ? standing.waits : undefined;
  if (standing.kind === 'foreign' && drops === undefined) return refused('key_mismatch', about);
  const failure = evidence.failure ?? (standing.kind === 'former' ? 'key_mismatch' : undefined);
  if (failure !== undefined && !approved) {
    return registration.asFound
      ? held('submitted_as_found', about, `failed: ${failure}`)
      : refused(failure, about);
  }

  const isOwn = standing.kind === 'own';
  const voucher = await judgeVoucher(registration, recorded.row, stores, crypto);
  // What a device shows for its first key says nothing against the ones that followed, and nothing for them.
  if (voucher === 'wrong' && !isOwn && !approved) {
    return registration.asFound
      ? held('submitted_as_found', about, 'failed: voucher_wrong')
      : refused('voucher_wrong', about);
  }
  const anchored =
    (isOwn ? standing.anchored : standing.kind !== 'former') &&
    (evidence.keyAnchored || voucher === 'vouched');

  const claim: Claim = {
    scope,
    org: org.name,
    domain: domain.name,
    site: registration.place.site ?? null,
    maker,
    udid,
    keyDigest,
    registration: record.id,
    state: 'issuing',
    unproven: !evidence.fresh,
    firstUse: !anchored,
    endedAt: null,
  };
  const pendingIn = isOwn ? standing.pendingIn : undefined;
  const conflict = await judgeConflict(claim, { former, pendingIn }, about, stores);
  const { fresh } = evidence;
  const facts = { org: org.name, domain: domain.name, udid, row, spki, fresh, approved };
  if (conflict.kind === 'ruled') {
    const { ruling } = conflict;
    return ruling.outcome === 'same' ? judgeRenewal(ruling, facts, record, stores) : ruling;
  }
  if (!anchored && !approved) {
    return row?.anchor === 'voucher'
      ? held('udid_only_row', about, 'its row names a voucher, and none was shown that can be checked')
      : held('udid_only_row', about);
  }
  if (row?.stale === true && !approved) return held('row_stale', about);
  const policy = await judgePolicy({ ...facts, adds: true }, about, stores);
  if (policy.kind === 'ruled') return policy.ruling;
  const { profile } = policy;
  const { displaces } = conflict;
  const renamed = former.length > 0;
  return { outcome: 'bind', about, binding: claim, spki, profile, displaces, drops, renamed };
}

async function isMember(record: StoredRecord, { people }: Needs<'people'>): Promise<boolean> {
  const memberships = await people.memberships(record.author);
  return memberships.some(({ org }) => org === record.header.org);
}
