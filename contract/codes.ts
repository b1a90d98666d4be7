/**
 * Every code that crosses the wire, once. The page's words are keyed by them, so a code added here does not compile
 * until it has a sentence and a next action there.
 */

/** Checks of step 4, made on the phone and again by the registration authority. */
export const CHECKS = [
  'csr_signature',
  'csr_key_is_device_key',
  'possession',
  'label_key_is_device_key',
  'device_identity',
  'csr_subject',
  'key_strength',
  'on_list',
  'list_key',
  'not_tombstoned',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** Why a check failed. */
export const CHECK_FAILURES = [
  'csr_malformed',
  'csr_signature_invalid',
  'csr_key_mismatch',
  'proof_wrong',
  'possession_missing',
  'label_key_mismatch',
  'identity_mismatch',
  'csr_subject_mismatch',
  'key_weak',
  'unknown_device',
  'key_mismatch',
  'tombstoned',
] as const;
export type CheckFailure = (typeof CHECK_FAILURES)[number];

/** Why a check could not be made on the phone. The record is queued all the same and the RA decides. */
export const NOT_CHECKABLE = [
  'no_request',
  'identity_not_told',
  'key_from_request',
  'possession_static',
  'challenge_unknown',
  'label_has_no_key',
  'subject_says_nothing',
  'list_not_on_phone',
  'list_cut',
  'row_has_no_key',
  'algorithm_not_offered_here',
] as const;
export type NotCheckable = (typeof NOT_CHECKABLE)[number];

/** Why a record was refused or is held, or what its acceptance means. */
export const OUTCOME_CODES = [
  ...CHECK_FAILURES,
  'udid_invalid',
  'simulated_device',
  'practice_ended',
  'domain_unknown',
  'domain_not_entitled',
  'same_install',
  'renewed',
  'taken_same_org',
  'device_suspended',
  'transfer_case',
  'udid_only_row',
  'submitted_as_found',
  'operator_revoked',
  'credential_expired',
  'clock_skew',
  'anchor_unknown',
  'operator_unconfirmed',
  'revoked_before',
  'certified_before',
  'unknown_since_copy',
  'registration_unknown',
  'certificate_unknown',
  'read_back_mismatch',
  'already_decided',
  'undo_too_late',
  'undo_replaced',
  'moved',
  'place_conflict',
  'site_conflict',
  'too_many_sites',
  'kind_not_supported',
  'approval_refused',
  'withdrawn',
  'retired',
  'replaced',
  'given_up',
  'transfer_refused',
  'model_not_allowed',
  'key_type_not_allowed',
  'possession_needed',
  'approval_needed',
  'replaces_another',
  'replaces_two',
  'quota_reached',
  'voucher_wrong',
  'row_stale',
] as const;
export type OutcomeCode = (typeof OUTCOME_CODES)[number];

/** Why an envelope could not be taken at all; it stays on the phone. */
export const REJECTION_CODES = [
  'envelope_malformed',
  'version_unknown',
  'payload_invalid',
  'operator_key_unknown',
  'bad_signature',
  'wrong_audience',
  'org_not_entitled',
  'id_reuse',
  'chain_fork',
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

/** The five checks before a certificate is trusted (core/verify-certificate.ts). */
export const TRUST_CHECKS = ['signature', 'chain', 'revocation', 'name', 'grant'] as const;
export type TrustCheckName = (typeof TRUST_CHECKS)[number];

/** Why a certificate is not trusted, or what could not be found out. For machines; no page says them. */
export const TRUST_FAULTS = [
  'certificate_malformed',
  'signature_invalid',
  'issuer_unknown',
  'issuer_not_ca',
  'issuer_expired',
  'not_a_device',
  'extension_unknown',
  'certificate_not_yet_valid',
  'certificate_expired',
  'certificate_revoked',
  'certificate_on_hold',
  'status_unknown',
  'status_stale',
  'status_invalid',
  'name_missing',
  'name_mismatch',
  'not_granted',
  'grant_ended',
  'grant_suspended',
  'practice_only',
  'grant_not_asked',
] as const;
export type TrustFault = (typeof TRUST_FAULTS)[number];

/** Why a bound device gets no certificate for another key (re-key over EST). For machines; no page says them. */
export const REKEY_REFUSALS = [
  'rekey_not_allowed',
  'rekey_too_soon',
  'successor_waits',
  'csr_subject_mismatch',
  'key_weak',
  'key_type_not_allowed',
  'key_taken',
  'tombstoned',
  'voucher_missing',
] as const;
export type RekeyRefusal = (typeof REKEY_REFUSALS)[number];

/** Codes of problem documents (RFC 9457): the request itself failed, whatever it carried. */
export const PROBLEM_CODES = [
  'unauthenticated',
  'forbidden',
  'origin_refused',
  'not_found',
  'method_not_allowed',
  'request_invalid',
  'too_large',
  'nonce_unknown',
  'proof_invalid',
  'conflict',
  'confirmation_needed',
  'passkey_unknown',
  'passkey_refused',
  'passkey_cloned',
  'invitation_unknown',
  'invitation_used',
  'invitation_over',
  'invitation_waits',
  'sign_in_again',
  'last_administrator',
  'own_request',
  'administrator_too_new',
  'several_organisations',
  'installation_administrator',
  'guessing_locked',
  'rate_limited',
  'unavailable',
  'internal',
  ...REKEY_REFUSALS,
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];
