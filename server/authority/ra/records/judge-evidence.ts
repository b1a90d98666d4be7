import type { CheckFailure } from '../../../../contract/codes.ts';
import type { ListRow } from '../../../../contract/list-row.ts';
import type { Registration } from '../../../../contract/registration.ts';
import { fromBase64Url } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { type Check, checkEvidence } from '../../../../core/evidence.ts';
import { evidenceOf } from '../../../../core/evidence-of-device.ts';
import { fromInstant } from '../../../../core/instant.ts';
import { tombstoneDigests } from '../../../../core/list-lookup.ts';
import { CHALLENGE_AGE_MS } from '../../../../core/pack-life.ts';
import { challengeOf } from '../../../../core/possession.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import { knownNames, mayBeSilent } from '../binding/known-names.ts';

export interface EvidenceVerdict {
  /** The device or its key is on the blocklist, whatever else is wrong. */
  readonly tombstoned: boolean;
  /** First check that failed, in their fixed order. */
  readonly failure: CheckFailure | undefined;
  /** First failure that no approval overrides: nothing sound could be certified, or a tombstone forbids it. */
  readonly fatal: CheckFailure | undefined;
  /** The device signed our challenge during this visit, verified here again. */
  readonly fresh: boolean;
  /** Whether the maker's list row itself names this key. */
  readonly keyAnchored: boolean;
  /** Whether the row names another key. */
  readonly contradicts: boolean;
}

/**
 * Repeats the checks of step 4 with everything that the RA knows. A CSR's signature proves that the device's key
 * signed this request at some time; it may be a copy, so possession is static. Possession is fresh only if the device
 * signed a challenge from a pack that this installation handed out and that was young when the record was captured;
 * any other claim of `fresh` is ignored.
 */
export async function judgeEvidence(
  registration: Registration,
  row: ListRow | undefined,
  { tombstones, statements }: Reads<'tombstones' | 'statements'>,
  crypto: CryptoPort,
): Promise<EvidenceVerdict> {
  const { label, device, udid } = registration;
  const deviceKey = bytesOf(device.publicKey);
  const names = knownNames(udid, row);
  const checks = await checkEvidence(
    evidenceOf(
      {
        ...device,
        publicKey: deviceKey,
        csr: bytesOf(device.csr),
        proof: device.proof && { over: device.proof.over, signature: bytesOf(device.proof.signature) },
      },
      {
        udid,
        aliases: names,
        names,
        labelKey: label.publicKey === undefined ? undefined : bytesOf(label.publicKey),
        challenge: await knownChallenge(registration, statements, crypto),
        subjectSaysNothing: device.subjectSaysNothing && mayBeSilent(device.driver),
        list: row === undefined ? { kind: 'absent' } : { kind: 'row', row },
        tombstoned: await tombstones.anyLive(await tombstoneDigests(udid, deviceKey, crypto)),
      },
    ),
    crypto,
  );
  return {
    tombstoned: checks.some(({ check, result }) => check === 'not_tombstoned' && result === 'failed'),
    failure: firstFailure(checks),
    fatal: firstFailure(checks.filter(isFatal)),
    fresh: checks.some(({ check, result }) => check === 'possession' && result === 'passed'),
    keyAnchored: checks.some(({ check, result }) => check === 'list_key' && result === 'passed'),
    contradicts: checks.some(({ check, result }) => check === 'list_key' && result === 'failed'),
  };
}

/** Empty if the text is no base64url: no check passes on empty bytes. */
function bytesOf(text: string): Uint8Array {
  return fromBase64Url(text) ?? new Uint8Array();
}

async function knownChallenge(
  { id, device, capturedAt }: Registration,
  statements: Reads<'statements'>['statements'],
  crypto: CryptoPort,
): Promise<Uint8Array | undefined> {
  if (device.challenge === undefined) return undefined;
  const issuedAt = await statements.issuedAt(device.challenge.pack);
  if (issuedAt === undefined) return undefined;
  return fromInstant(capturedAt) - fromInstant(issuedAt) <= CHALLENGE_AGE_MS
    ? challengeOf({ ...device.challenge, record: id }, crypto)
    : undefined;
}

function firstFailure(checks: readonly Check[]): CheckFailure | undefined {
  for (const check of checks) if (check.result === 'failed') return check.code;
  return undefined;
}

function isFatal({ check, result }: Check): boolean {
  switch (check) {
    case 'csr_signature':
    case 'csr_key_is_device_key':
    case 'possession':
    case 'key_strength':
    case 'not_tombstoned':
      return result === 'failed';
    case 'label_key_is_device_key':
    case 'device_identity':
    case 'csr_subject':
    case 'on_list':
    case 'list_key':
      return false;
  }
}
