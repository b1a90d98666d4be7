import type { CheckFailure, CheckName, NotCheckable } from '../contract/codes.ts';
import { equalBytes } from './bytes.ts';
import type { CryptoPort, Verdict } from './crypto.ts';
import { type CertificationRequest, commonNames, parseCsr, verifyCsr } from './csr.ts';
import { type ListLookup, rowKey } from './list-lookup.ts';
import { judgePossession, type PossessionEvidence } from './possession.ts';
import { isStrong, parseSpki } from './spki.ts';
import { isUdid } from './udid.ts';

/** Everything step 4 judges, on the phone and again at the registration authority. */
export interface Evidence {
  readonly udid: string;
  /** Every other name this device is known by: the label's, the row's, its own. */
  readonly aliases: readonly string[];
  readonly labelKey: Uint8Array | undefined;
  /** The device's public key and CSR, DER. The CSR is empty where its firmware makes none. */
  readonly deviceKey: Uint8Array;
  readonly csr: Uint8Array;
  /** Whether the device told its key, or the phone cut it out of the request. */
  readonly keyFrom: 'device' | 'csr';
  readonly possession: Pick<PossessionEvidence, 'claimed' | 'challenge' | 'proof' | 'tokens'>;
  /** What the device calls itself, and what label and row call it. A canonical UDID (`mac-…`) is compared within its scheme. */
  readonly identity: { readonly stated: readonly string[]; readonly known: readonly string[] };
  /** The driver declares that this firmware's CSR subject says nothing. */
  readonly subjectSaysNothing: boolean;
  readonly list: ListLookup;
  readonly tombstoned: boolean;
}

export type Check =
  | { readonly check: CheckName; readonly result: 'passed' }
  | { readonly check: CheckName; readonly result: 'failed'; readonly code: CheckFailure }
  | { readonly check: CheckName; readonly result: 'not_checkable'; readonly code: NotCheckable };

const passed = (check: CheckName): Check => ({ check, result: 'passed' });
const failed = (check: CheckName, code: CheckFailure): Check => ({ check, result: 'failed', code });
const notCheckable = (check: CheckName, code: NotCheckable): Check => ({
  check,
  result: 'not_checkable',
  code,
});

/**
 * All checks of step 4, in the order they are shown. Each is answered whatever the others found. Never throws for
 * hostile evidence.
 */
export async function checkEvidence(evidence: Evidence, crypto: CryptoPort): Promise<Check[]> {
  const csr = readCsr(evidence.csr);
  const csrSignature = csr === undefined ? 'invalid' : await verifyCsr(csr, crypto);
  return [
    checkSignature(csr, csrSignature, evidence),
    checkCsrKey(csr, evidence),
    await checkPossession(csr, csrSignature, evidence, crypto),
    checkLabelKey(evidence),
    checkIdentity(evidence),
    checkSubject(csr, evidence),
    checkStrength(evidence.deviceKey),
    checkOnList(evidence.list),
    checkListKey(evidence),
    evidence.tombstoned ? failed('not_tombstoned', 'tombstoned') : passed('not_tombstoned'),
  ];
}

function hasRequest({ csr }: Evidence): boolean {
  return csr.length > 0;
}

function checkCsrKey(csr: CertificationRequest | undefined, evidence: Evidence): Check {
  if (!hasRequest(evidence)) return notCheckable('csr_key_is_device_key', 'no_request');
  if (csr === undefined) return failed('csr_key_is_device_key', 'csr_malformed');
  if (!equalBytes(csr.spki, evidence.deviceKey)) return failed('csr_key_is_device_key', 'csr_key_mismatch');
  // The request compared with itself says nothing.
  return evidence.keyFrom === 'csr'
    ? notCheckable('csr_key_is_device_key', 'key_from_request')
    : passed('csr_key_is_device_key');
}

async function checkPossession(
  csr: CertificationRequest | undefined,
  csrSignature: Verdict,
  evidence: Evidence,
  crypto: CryptoPort,
): Promise<Check> {
  const { deviceKey, possession } = evidence;
  const possessionEvidence = {
    deviceKey,
    csr,
    csrSignature,
    hasRequest: hasRequest(evidence),
    ...possession,
  };
  return { check: 'possession', ...(await judgePossession(possessionEvidence, crypto)) };
}

function readCsr(der: Uint8Array): CertificationRequest | undefined {
  try {
    return parseCsr(der);
  } catch {
    return undefined; // said by the checks as csr_malformed
  }
}

function checkSignature(csr: CertificationRequest | undefined, verdict: Verdict, evidence: Evidence): Check {
  if (!hasRequest(evidence)) return notCheckable('csr_signature', 'no_request');
  if (csr === undefined) return failed('csr_signature', 'csr_malformed');
  if (verdict === 'not_offered') return notCheckable('csr_signature', 'algorithm_not_offered_here');
  return verdict === 'valid' ? passed('csr_signature') : failed('csr_signature', 'csr_signature_invalid');
}

function checkLabelKey({ labelKey, deviceKey }: Evidence): Check {
  if (labelKey === undefined) return notCheckable('label_key_is_device_key', 'label_has_no_key');
  return equalBytes(labelKey, deviceKey)
    ? passed('label_key_is_device_key')
    : failed('label_key_is_device_key', 'label_key_mismatch');
}

/** Schemes whose identities are one per device: two of one scheme that differ are two devices. */
const SCHEME = /^(?:mac|imei|uuid)-/;

/** Whether the device is the one that label and row name, by what it calls itself. Asked before anything is done to it. */
export function checkIdentity({ udid, identity }: Pick<Evidence, 'udid' | 'identity'>): Check {
  const names = [udid, ...identity.known];
  if (identity.stated.some((name) => names.includes(name))) return passed('device_identity');
  const schemes = names.flatMap((name) => SCHEME.exec(name) ?? []);
  const stated = identity.stated.flatMap((name) => (isUdid(name) ? (SCHEME.exec(name) ?? []) : []));
  return stated.some((scheme) => schemes.includes(scheme))
    ? failed('device_identity', 'identity_mismatch')
    : notCheckable('device_identity', 'identity_not_told');
}

function checkSubject(csr: CertificationRequest | undefined, evidence: Evidence): Check {
  if (!hasRequest(evidence)) return notCheckable('csr_subject', 'no_request');
  if (evidence.subjectSaysNothing) return notCheckable('csr_subject', 'subject_says_nothing');
  if (csr === undefined) return failed('csr_subject', 'csr_malformed');
  const names = [evidence.udid, ...evidence.aliases];
  const common = commonNames(csr);
  return common.length === 1 && common.every((name) => names.includes(name))
    ? passed('csr_subject')
    : failed('csr_subject', 'csr_subject_mismatch');
}

function checkStrength(deviceKey: Uint8Array): Check {
  try {
    return isStrong(parseSpki(deviceKey)) ? passed('key_strength') : failed('key_strength', 'key_weak');
  } catch {
    return failed('key_strength', 'key_weak');
  }
}

function checkOnList(list: ListLookup): Check {
  switch (list.kind) {
    case 'row':
    case 'digest':
      return passed('on_list');
    case 'absent':
      return failed('on_list', 'unknown_device');
    case 'cut':
      return notCheckable('on_list', 'list_cut');
    case 'unavailable':
      return notCheckable('on_list', 'list_not_on_phone');
  }
}

function checkListKey({ list, deviceKey }: Evidence): Check {
  if (list.kind === 'cut') return notCheckable('list_key', 'list_cut');
  if (list.kind === 'absent' || list.kind === 'unavailable')
    return notCheckable('list_key', 'list_not_on_phone');
  if (list.kind === 'digest')
    return list.keyMatched ? passed('list_key') : notCheckable('list_key', 'row_has_no_key');
  const key = rowKey(list.row);
  if (key === undefined) return notCheckable('list_key', 'row_has_no_key');
  return equalBytes(key, deviceKey) ? passed('list_key') : failed('list_key', 'key_mismatch');
}
