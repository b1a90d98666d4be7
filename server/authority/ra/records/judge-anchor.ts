import type { CheckFailure } from '../../../../contract/codes.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';
import { isRevokedAs } from '../binding/former-names.ts';
import { held, type Ruling, refused } from '../binding/ruling.ts';
import { type ForeignRow, foreignRow, type KnownDevice } from './identify-device.ts';
import { judgeEvidence } from './judge-evidence.ts';
import type { JudgeInput } from './judge-input.ts';
import { asRecorded } from './judge-lineage.ts';
import { judgeVoucher } from './judge-voucher.ts';

/** What is proved about a device's key. */
export interface Proof {
  /** The device signed our challenge during this visit. */
  readonly fresh: boolean;
  /** The maker's list, a voucher or the key before it vouches for this key. */
  readonly anchored: boolean;
  /** The live binding in which this key is pending. */
  readonly pendingIn: string | undefined;
  /** This same key, where it was pending as another device's next key; binding it drops that. */
  readonly drops: LineageKey | undefined;
  /** The row is another organisation's, so that one's people decide. */
  readonly foreign: ForeignRow | undefined;
}

/** Repeats the checks of step 4, and judges the key's standing here and whatever vouches for the key. */
export async function proveKey(input: JudgeInput, device: KnownDevice): Promise<Ruling | Proof> {
  const { registration, approved, stores, crypto } = input;
  const { row, former, about, standing } = device;
  const recorded = await asRecorded(registration, row, standing, crypto);
  const evidence = await judgeEvidence(recorded.registration, recorded.row, stores, crypto);
  if (evidence.tombstoned || (await isRevokedAs(former, stores, crypto))) return refused('tombstoned', about);
  if (approved && evidence.fatal !== undefined) return refused(evidence.fatal, about);
  // No approval overrides that a key is another device's. A key that is only pending for another device belongs to
  // the device that proves it now, since nobody has seen the other one use it.
  const drops = standing.kind === 'foreign' && evidence.fresh ? standing.waits : undefined;
  if (standing.kind === 'foreign' && drops === undefined) return refused('key_mismatch', about);
  // Nobody passes over that a row names another key but the people of the row's own organisation.
  const contradicts = evidence.contradicts || standing.kind === 'former';
  if (device.foreign !== undefined && contradicts) return refused('key_mismatch', about);
  const failure = evidence.failure ?? (standing.kind === 'former' ? 'key_mismatch' : undefined);
  // What else failed is for the row's people to see, where it was submitted as found.
  const passes = device.foreign === undefined ? approved : registration.asFound;
  if (failure !== undefined && !passes) return failed(failure, input, device);

  const isOwn = standing.kind === 'own';
  const voucher = await judgeVoucher(registration, recorded.row, stores, crypto);
  // A voucher speaks of a device's first key, so it is no evidence against the keys that followed, and none for them.
  if (voucher === 'wrong' && !isOwn && !passes) return failed('voucher_wrong', input, device);
  const anchored =
    (isOwn ? standing.anchored : standing.kind !== 'former') &&
    (evidence.keyAnchored || voucher === 'vouched');
  // An own row that vouches for no key says nothing against another list that names one, or that the maker signed.
  const rival = anchored ? undefined : device.rival;
  if (rival?.row.anchor === 'key') return refused('key_mismatch', about);
  const foreign = device.foreign ?? (rival && foreignRow(rival));
  return {
    fresh: evidence.fresh,
    anchored,
    pendingIn: isOwn ? standing.pendingIn : undefined,
    drops,
    foreign,
  };
}

const FAILED = 'failed: ';

/** The code of the check that failed, as the detail of a held record says it. */
export function failedCheckOf(detail: string | null | undefined): string | undefined {
  return detail?.startsWith(FAILED) ? detail.slice(FAILED.length) : undefined;
}

/** A failed check refuses the record, unless the installer submitted the device as found: then it is held for a person. */
function failed(
  failure: CheckFailure | 'voucher_wrong',
  { registration }: JudgeInput,
  { about }: KnownDevice,
): Ruling {
  return registration.asFound
    ? held('submitted_as_found', about, `${FAILED}${failure}`)
    : refused(failure, about);
}
