import type { CheckFailure, CheckName, NotCheckable } from '../contract/codes.ts';
import { equalBytes } from './bytes.ts';
import type { CryptoPort } from './crypto.ts';
import { type CertificationRequest, commonNames, parseCsr, verifyCsr } from './csr.ts';
import { type ListLookup, rowKey } from './list-lookup.ts';
import { isStrong, parseSpki } from './spki.ts';

/** Everything step 4 judges, on the phone and again at the registration authority. */
export interface Evidence {
  readonly udid: string;
  /** Every other name this device is known by: the label's, the row's, its own. */
  readonly aliases: readonly string[];
  readonly labelKey: Uint8Array | undefined;
  /** The device's public key and CSR, DER. */
  readonly deviceKey: Uint8Array;
  readonly csr: Uint8Array;
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
 * All checks of step 4, in the order they are shown. Cheap comparisons come before elliptic curves only in what they
 * cost, not in what they say: every check answers for itself. Never throws for hostile evidence.
 */
export async function checkEvidence(evidence: Evidence, crypto: CryptoPort): Promise<Check[]> {
  const csr = readCsr(evidence.csr);
  return [
    await checkSignature(csr, crypto),
    csr !== undefined && equalBytes(csr.spki, evidence.deviceKey)
      ? passed('csr_key_is_device_key')
      : failed('csr_key_is_device_key', csr === undefined ? 'csr_malformed' : 'csr_key_mismatch'),
    checkLabelKey(evidence),
    checkSubject(csr, evidence),
    checkStrength(evidence.deviceKey),
    checkOnList(evidence.list),
    checkListKey(evidence),
    evidence.tombstoned ? failed('not_tombstoned', 'tombstoned') : passed('not_tombstoned'),
  ];
}

function readCsr(der: Uint8Array): CertificationRequest | undefined {
  try {
    return parseCsr(der);
  } catch {
    return undefined; // said by the checks as csr_malformed
  }
}

async function checkSignature(csr: CertificationRequest | undefined, crypto: CryptoPort): Promise<Check> {
  if (csr === undefined) return failed('csr_signature', 'csr_malformed');
  const verdict = await verifyCsr(csr, crypto);
  if (verdict === 'not_offered') return notCheckable('csr_signature', 'algorithm_not_offered_here');
  return verdict === 'valid' ? passed('csr_signature') : failed('csr_signature', 'csr_signature_invalid');
}

function checkLabelKey({ labelKey, deviceKey }: Evidence): Check {
  if (labelKey === undefined) return notCheckable('label_key_is_device_key', 'label_has_no_key');
  return equalBytes(labelKey, deviceKey)
    ? passed('label_key_is_device_key')
    : failed('label_key_is_device_key', 'label_key_mismatch');
}

function checkSubject(csr: CertificationRequest | undefined, evidence: Evidence): Check {
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
    case 'unavailable':
      return notCheckable('on_list', 'list_not_on_phone');
  }
}

function checkListKey({ list, deviceKey }: Evidence): Check {
  if (list.kind === 'absent' || list.kind === 'unavailable')
    return notCheckable('list_key', 'list_not_on_phone');
  if (list.kind === 'digest')
    return list.keyMatched ? passed('list_key') : notCheckable('list_key', 'row_has_no_key');
  const key = rowKey(list.row);
  if (key === undefined) return notCheckable('list_key', 'row_has_no_key');
  return equalBytes(key, deviceKey) ? passed('list_key') : failed('list_key', 'key_mismatch');
}
