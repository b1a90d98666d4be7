import type { CheckFailure, CheckName } from '../../contract/codes.ts';
import type { Check } from '../../core/evidence.ts';
import type { LinkKind } from '../ports/device.ts';

/** `scan`: another label, or the right device. `read`: the device once more. `support`: nothing that can be done here. */
export type Remedy = 'scan' | 'read' | 'support';

const REMEDY: Record<CheckFailure, Remedy> = {
  csr_malformed: 'read',
  csr_signature_invalid: 'read',
  csr_key_mismatch: 'read',
  proof_wrong: 'read',
  possession_missing: 'read',
  label_key_mismatch: 'scan',
  identity_mismatch: 'scan',
  csr_subject_mismatch: 'scan',
  key_weak: 'support',
  unknown_device: 'scan',
  key_mismatch: 'scan',
  tombstoned: 'support',
};

/** Whether an approval may pass over it: as the RA decides (server/authority/ra/records/judge-evidence.ts, isFatal). */
const APPROVABLE: Record<CheckName, boolean> = {
  // Nothing sound could be certified.
  csr_signature: false,
  csr_key_is_device_key: false,
  possession: false,
  key_strength: false,
  // A person lifts a tombstone, not an approval.
  not_tombstoned: false,
  label_key_is_device_key: true,
  device_identity: true,
  csr_subject: true,
  on_list: true,
  list_key: true,
};

/** What helps against what failed: where one of several leads nowhere here, all of it does. */
export function remedyOf(checks: readonly Check[]): Remedy {
  const remedies = checks.flatMap((check) => (check.result === 'failed' ? [REMEDY[check.code]] : []));
  for (const remedy of ['support', 'scan'] as const) if (remedies.includes(remedy)) return remedy;
  return 'read';
}

/**
 * Whether submitting it as found can lead to anything but a refusal. A simulated device binds in a training organisation only
 * (server/authority/ra/records/judge-registration.ts).
 */
export function canSubmitAsFound(
  checks: readonly Check[],
  { link }: { readonly link: LinkKind },
  training: boolean,
): boolean {
  if (link === 'simulated' && !training) return false;
  const failed = checks.filter(({ result }) => result === 'failed');
  return failed.length > 0 && failed.every(({ check }) => APPROVABLE[check]);
}
