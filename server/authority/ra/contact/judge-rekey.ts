import type { RekeyRefusal } from '../../../../contract/codes.ts';
import type { ListRow } from '../../../../contract/list-row.ts';
import { toBase64Url } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { type CertificationRequest, commonNames } from '../../../../core/csr.ts';
import { fromInstant } from '../../../../core/instant.ts';
import { tombstoneDigests } from '../../../../core/list-lookup.ts';
import { isStrong } from '../../../../core/spki.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import { REAL_SCOPE } from '../../../ports/orgs.ts';
import type { Policy } from '../../../ports/policies.ts';
import { PROCESS_SKEW } from '../../../ports/server-clock.ts';
import { formerNames, isRevokedAs } from '../binding/former-names.ts';
import { knownNames } from '../binding/known-names.ts';

/** Shortest time between two re-keys of a device: each replaced key's certificate stands on the CRL until it would have ended. */
const APART = 24 * 3_600_000;

export interface RekeyCase {
  readonly binding: Binding;
  /** The bound key (SubjectPublicKeyInfo, DER). */
  readonly bound: Uint8Array;
  readonly request: CertificationRequest;
  /** SHA-256 of the request's key, base64url. */
  readonly keyDigest: string;
  readonly policy: Policy;
  readonly now: number;
}

/**
 * Whether a bound device may have a certificate for this other key. The request's signature says only that somebody
 * with that key once made it, so its subject must name the device: otherwise a forwarded request of another device
 * would take that one's key away. A re-key is allowed at any time, not only when the certificate is due, since
 * whoever thinks that a key is weak should not have to wait.
 */
export async function judgeRekey(
  { binding, bound, request, keyDigest, policy, now }: RekeyCase,
  stores: Reads<'liveBindings' | 'lineage' | 'list' | 'tombstones' | 'tpms'>,
  crypto: CryptoPort,
): Promise<RekeyRefusal | undefined> {
  const { maker, udid, scope } = binding;
  // Key lineages span the whole installation, and practice must not touch a real device's.
  if (policy.rekey !== 'allow' || scope !== REAL_SCOPE) return 'rekey_not_allowed';
  const row = await stores.list.row(scope, maker, udid, binding.org);
  const names = [udid, ...knownNames(udid, row)];
  const common = commonNames(request);
  if (common.length !== 1 || !common.every((name) => names.includes(name))) return 'csr_subject_mismatch';
  if (!isStrong(request.key)) return 'key_weak';
  if (policy.keyTypes !== undefined && !policy.keyTypes.includes(request.key.type))
    return 'key_type_not_allowed';
  const former = await formerNames(scope, row, stores, binding.org);
  // The bound key and former names are checked too: otherwise a device could leave its tombstone by taking a key that
  // has none.
  const digests = await Promise.all([request.spki, bound].map((key) => tombstoneDigests(udid, key, crypto)));
  if ((await stores.tombstones.anyLive(digests.flat())) || (await isRevokedAs(former, stores, crypto)))
    return 'tombstoned';
  if ((await stores.liveBindings.byKey(keyDigest)) !== undefined) return 'key_taken';
  const known = await stores.lineage.byKey(keyDigest);
  const mine = [{ maker, udid }, ...former];
  const isMine = (one: { readonly maker: string; readonly udid: string }) =>
    mine.some((name) => name.maker === one.maker && name.udid === one.udid);
  // A former key of the device does not come back, since it was replaced for some reason. A dropped key is free
  // again, since nobody ever saw it used.
  if (known !== undefined && known.state !== 'dropped' && !(known.state === 'pending' && isMine(known)))
    return 'key_taken';
  if ((await stores.list.byKey(scope, toBase64Url(request.spki))).some((other) => !isMine(other)))
    return 'key_taken';
  if (!(await isVouchedFor(row, keyDigest, stores))) return 'voucher_missing';
  const last = await stores.lineage.byKey(binding.keyDigest);
  if (last?.state !== 'current') return undefined;
  const since = now - fromInstant(last.at);
  // A change of the future was noted by a clock that was ahead.
  return since < APART && since > -PROCESS_SKEW ? 'rekey_too_soon' : undefined;
}

/**
 * What vouches for one key does not vouch for another one (records/judge-voucher.ts), so everything that the row
 * names must vouch for the new key: its digest, or the same TPM, which has shown the new key too. A maker's
 * certificate or an attestation cannot be shown over EST.
 */
async function isVouchedFor(
  row: ListRow | undefined,
  keyDigest: string,
  { tpms }: Reads<'tpms'>,
): Promise<boolean> {
  const { ca, certificate, attestation, key, tpm } = row?.voucher ?? {};
  if (ca !== undefined || certificate !== undefined || attestation !== undefined) return false;
  if (key !== undefined && key !== keyDigest) return false;
  return tpm === undefined || (await tpms.hasKey(tpm, keyDigest));
}
