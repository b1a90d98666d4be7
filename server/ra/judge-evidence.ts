import type { CheckFailure } from '../../contract/codes.ts';
import type { ListRow } from '../../contract/list-row.ts';
import type { Registration } from '../../contract/registration.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { type Check, checkEvidence } from '../../core/evidence.ts';
import { tombstoneDigests } from '../../core/list-lookup.ts';
import type { Needs } from '../ports/stores.ts';
import { knownNames, mayBeSilent } from './known-names.ts';

export interface EvidenceVerdict {
  /** First check that failed, in their fixed order. */
  readonly failure: CheckFailure | undefined;
  /** First failure that no person can pass over: there is nothing sound to certify, or a tombstone forbids it. */
  readonly fatal: CheckFailure | undefined;
  /** Whether the list's row itself named this key. */
  readonly keyAnchored: boolean;
}

/**
 * The checks of step 4 once more, with everything this side knows. A CSR's signature proves that the device's key once
 * signed this request; it may be a copy, so possession counts as static here. No field carries an answer to our
 * challenge yet, and a claim of `fresh` that cannot be verified again is none.
 */
export async function judgeEvidence(
  registration: Registration,
  row: ListRow | undefined,
  { tombstones }: Needs<'tombstones'>,
  crypto: CryptoPort,
): Promise<EvidenceVerdict> {
  const { label, device, udid } = registration;
  const deviceKey = fromBase64Url(device.publicKey) ?? new Uint8Array();
  const checks = await checkEvidence(
    {
      udid,
      aliases: knownNames(udid, row),
      labelKey:
        label.publicKey === undefined ? undefined : (fromBase64Url(label.publicKey) ?? new Uint8Array()),
      deviceKey,
      csr: fromBase64Url(device.csr) ?? new Uint8Array(),
      subjectSaysNothing: device.subjectSaysNothing && mayBeSilent(device.driver),
      list: row === undefined ? { kind: 'absent' } : { kind: 'row', row },
      tombstoned: await tombstones.anyLive(await tombstoneDigests(udid, deviceKey, crypto)),
    },
    crypto,
  );
  return {
    failure: firstFailure(checks),
    fatal: firstFailure(checks.filter(isFatal)),
    keyAnchored: checks.some(({ check, result }) => check === 'list_key' && result === 'passed'),
  };
}

function firstFailure(checks: readonly Check[]): CheckFailure | undefined {
  for (const check of checks) if (check.result === 'failed') return check.code;
  return undefined;
}

function isFatal({ check, result }: Check): boolean {
  switch (check) {
    case 'csr_signature':
    case 'csr_key_is_device_key':
    case 'key_strength':
    case 'not_tombstoned':
      return result === 'failed';
    case 'label_key_is_device_key':
    case 'csr_subject':
    case 'on_list':
    case 'list_key':
      return false;
  }
}
