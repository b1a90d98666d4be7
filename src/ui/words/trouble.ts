import type { CheckFailure, OutcomeCode, RejectionCode } from '../../../contract/codes.ts';
import type { BackendFailure } from '../../ports/backend.ts';
import type { SendFault } from '../../ports/outbox.ts';
import type { StorageErrorCode } from '../../storage/error.ts';

/** What happened, in one sentence, and what to do next. */
export interface TroubleWords {
  readonly what: string;
  readonly next: string;
}

type AppCode =
  | 'other_installation'
  | 'pack_expired'
  | 'credential_old'
  | 'clock_behind'
  | 'clock_ahead'
  | 'session_only'
  | 'not_enrolled'
  | 'domain_not_in_pack'
  | 'no_work_pack'
  | 'needs_signal'
  | 'forbidden'
  | 'confirmation_needed'
  | 'sign_in_again'
  | 'chain_busy'
  | 'unexpected';
export type TroubleCode =
  | AppCode
  | BackendFailure['kind']
  | CheckFailure
  | OutcomeCode
  | RejectionCode
  | SendFault['code']
  | StorageErrorCode;

export const say = (what: string, next: string): TroubleWords => ({ what, next });

/** One entry per code of every closed list that the first screens show; field-trouble.ts has the rest. */
const TROUBLE: Record<TroubleCode, TroubleWords> = {
  // The app itself
  not_enrolled: say('This phone is not signed in yet.', 'Sign in once while you have signal.'),
  domain_not_in_pack: say(
    'This domain is not in the work pack on this phone.',
    'Refresh the work pack while you have signal.',
  ),
  no_work_pack: say('There is no work pack on this phone.', 'Open Get ready while you have signal.'),
  needs_signal: say('This step needs signal.', 'Try again when you are online.'),
  forbidden: say(
    'This is for support and administrators.',
    'Sign in as one of them, or ask whoever runs your organisation for the role.',
  ),
  confirmation_needed: say(
    'The backend was put back to an older copy, and nobody has confirmed yet that you still work here.',
    'Ask an administrator to confirm you. You can go on working; it is tried again by itself.',
  ),
  sign_in_again: say('This asks for a sign-in of just now.', 'Sign in again, then it is done.'),
  chain_busy: say('Another tab was saving at the same moment.', 'Try again. Nothing is lost.'),
  other_installation: say(
    'This address now answers for another installation than this phone is enrolled with.',
    'If that is right, start afresh. The records on this phone stay.',
  ),
  pack_expired: say(
    'The work pack on this phone has expired.',
    'Refresh it while you have signal. What you save now may be held.',
  ),
  credential_old: say(
    'This phone’s sign-in has expired.',
    'Sign in while you have signal. What you save now may be held.',
  ),
  clock_behind: say(
    'This phone’s clock is behind.',
    'Set date and time to automatic in its settings before you go on. What you save now may be held.',
  ),
  clock_ahead: say(
    'This phone’s clock is ahead.',
    'Set date and time to automatic in its settings before you go on. What you save now may be held.',
  ),
  session_only: say(
    'This browser cannot keep your key.',
    'Private mode? Send everything before you close it.',
  ),
  unexpected: say(
    'Something went wrong that we did not foresee.',
    'Try again. Everything saved is still here.',
  ),

  // Checks
  csr_malformed: say('The device’s certificate request is damaged.', 'Read the device again.'),
  csr_signature_invalid: say(
    'The request is not signed by the key it names.',
    'Read the device again. If it stays so, do not bind it.',
  ),
  csr_key_mismatch: say(
    'The request is for another key than the device’s.',
    'Read the device again. If it stays so, do not bind it.',
  ),
  proof_wrong: say(
    'The device’s answer to our challenge is not by its key.',
    'Read the device again. If it stays so, do not bind it and report it.',
  ),
  possession_missing: say(
    'Nothing shows that this device holds its key.',
    'Read it again. If it stays so, its firmware cannot be bound.',
  ),
  identity_mismatch: say(
    'The device says that it is another one than its label.',
    'Check that the label belongs to the device you connected.',
  ),
  label_key_mismatch: say(
    'The key on the label is not this device’s key.',
    'You may hold the label of another device. Check both, then scan again.',
  ),
  csr_subject_mismatch: say(
    'The request names another device.',
    'Make sure the label belongs to the device that is connected.',
  ),
  key_weak: say('This device’s key is too weak.', 'It cannot be bound. Tell its maker.'),
  unknown_device: say(
    'This device is not on the maker’s list.',
    'Check the code. If it is right, submit as found and a colleague decides.',
  ),
  key_mismatch: say(
    'The list has another key for this device.',
    'Read the device again. If it stays so, it may be a copy: do not bind it.',
  ),
  tombstoned: say(
    'This device was revoked.',
    'It stays refused until a named person lifts that. Call support.',
  ),

  // Decisions
  read_back_mismatch: say(
    'The device holds something else than what was written.',
    'Write again. If it stays so, do not use this device.',
  ),
  udid_invalid: say('This identity is not one a device can have.', 'Check the code on the label.'),
  simulated_device: say(
    'A simulated device cannot be bound to a real domain.',
    'Use the training organisation.',
  ),
  practice_ended: say(
    'This device was bound for real meanwhile, so practice with it has ended.',
    'Unpack another practice device.',
  ),
  domain_unknown: say('This domain does not exist.', 'Refresh the work pack and choose again.'),
  domain_not_entitled: say(
    'You may not bind devices to this domain.',
    'Ask the domain’s owner or your office.',
  ),
  same_install: say('This device is already bound here.', 'Nothing to do: its certificate is the same.'),
  renewed: say(
    'This device was bound here already, and its certificate is renewed.',
    'Write the new certificate into it. The old one stays good until it ends.',
  ),
  taken_same_org: say(
    'Your organisation has this device bound elsewhere.',
    'Did it move, or did you scan the wrong one?',
  ),
  device_suspended: say(
    'Your organisation reported this device lost, or it is in maintenance.',
    'Keep it and tell your office where it is. They resume it, or refuse this.',
  ),
  transfer_case: say('This device belongs to someone else.', 'A transfer case was opened. Support decides.'),
  udid_only_row: say('The maker’s list has only a serial for it, no key.', 'A colleague must approve it.'),
  row_stale: say('It lay in a warehouse for long; nobody has looked since.', 'A colleague must approve it.'),
  submitted_as_found: say('You submitted it although a check failed.', 'A colleague must approve it.'),
  operator_revoked: say('It arrived after your access ended.', 'Your supervisor can release it.'),
  credential_expired: say(
    'This phone’s sign-in was too old.',
    'Sign in again; your supervisor can release it.',
  ),
  clock_skew: say('This phone’s clock was wrong.', 'A person decides. Set the clock now.'),
  anchor_unknown: say(
    'The backend was put back to an older copy and cannot tell any more when you saved this.',
    'A colleague must approve it. It is not your phone’s fault.',
  ),
  operator_unconfirmed: say(
    'The backend was put back to an older copy, and nobody has confirmed yet that you still work here.',
    'It goes on by itself once an administrator has confirmed you.',
  ),
  revoked_before: say(
    'This device was revoked before the backend was put back to an older copy.',
    'Do not use it. A colleague decides.',
  ),
  certified_before: say(
    'This device had a certificate for another place before the backend was put back to an older copy.',
    'A colleague decides which is right.',
  ),
  unknown_since_copy: say(
    'The backend was put back to an older copy and does not know this device or place any more.',
    'Support brings the list back; it is then judged again.',
  ),
  registration_unknown: say('The backend does not know the registration this speaks of.', 'Tell support.'),
  certificate_unknown: say('The backend did not issue this certificate.', 'Tell support.'),
  undo_too_late: say(
    'Its certificate is in the device or was collected, so it cannot be undone.',
    'Move the device, or ask your office to retire it.',
  ),
  undo_replaced: say(
    'Another device has ended for it, so it cannot be undone.',
    'Ask your office to retire it, and bind the other one again.',
  ),
  moved: say(
    'This device stood elsewhere, and it belongs here now.',
    'Write the new certificate into it. The old one stays good until the device uses the new one.',
  ),
  place_conflict: say(
    'Somebody changed its place meanwhile.',
    'Look at both places and say which one is right.',
  ),
  site_conflict: say(
    'Somebody gave this site another name meanwhile, or closed it.',
    'Look at both names and say which one is right. A closed site is made again by its name.',
  ),
  too_many_sites: say(
    'Its domain has as many sites as phones can carry.',
    'Ask your office to close some that are not used, then make it again.',
  ),
  already_decided: say('It was decided before.', 'Nothing to do.'),
  kind_not_supported: say('The backend does not take this kind of record yet.', 'It stays on this phone.'),
  approval_refused: say('A colleague looked at it and refused it.', 'Ask your office.'),
  withdrawn: say('It was taken back.', 'Nothing to do.'),
  retired: say('This device was taken out of service.', 'Bind it again if it is to be used again.'),
  replaced: say('Another device has taken its place.', 'Nothing to do.'),
  given_up: say('Your organisation gave this device up.', 'Nothing to do. Do not use it for your site.'),
  model_not_allowed: say(
    'Your organisation does not take this kind of device here.',
    'Check that you have the right one, and ask your office.',
  ),
  key_type_not_allowed: say(
    'Your organisation does not take keys of this kind here.',
    'It cannot be bound. Ask your office.',
  ),
  possession_needed: say(
    'Nothing yet shows that the device itself holds its key.',
    'A colleague must approve it.',
  ),
  approval_needed: say('Your organisation looks at every device here.', 'A colleague must approve it.'),
  replaces_two: say(
    'This device has taken another one’s place before, and takes one only.',
    'Bind another device in the place of the one that goes, or ask your office to retire that one.',
  ),
  replaces_another: say(
    'It takes the place of another device, which ends.',
    'A colleague must approve it. Until then both stay as they are.',
  ),
  voucher_wrong: say(
    'The maker’s certificate in this device does not speak for its key.',
    'Do not bind it: it may be a copy. Report it.',
  ),
  quota_reached: say('Your organisation has as many devices here as it may have.', 'Ask your office.'),
  transfer_refused: say('Your claim on this device was refused.', 'Ask your office where it came from.'),

  // Envelope
  envelope_malformed: say('The record was damaged.', 'It stays on this phone. Tell support.'),
  version_unknown: say(
    'The backend is older than this app.',
    'It stays on this phone until the backend is updated.',
  ),
  payload_invalid: say('The backend cannot read this record.', 'It stays on this phone. Tell support.'),
  operator_key_unknown: say(
    'The backend does not know the key that signed this.',
    'It stays on this phone. The key is enrolled again, and then it goes by itself.',
  ),
  bad_signature: say('The record’s signature does not hold.', 'It stays on this phone. Tell support.'),
  wrong_audience: say('The record is for another installation.', 'It stays on this phone. Tell support.'),
  org_not_entitled: say('You do not work for this organisation.', 'It stays on this phone. Ask your office.'),
  id_reuse: say('Another record has the same number.', 'It stays on this phone. Tell support.'),
  chain_fork: say('This phone’s records do not follow each other.', 'It stays on this phone. Tell support.'),

  // Network
  unreachable: say('No answer from the backend.', 'It goes by itself when there is signal.'),
  no_answer: say('No answer from the backend.', 'It goes by itself when there is signal.'),
  not_our_backend: say(
    'Something else answered, perhaps a Wi-Fi sign-in page.',
    'Open the Wi-Fi’s sign-in page, or use mobile data.',
  ),
  signed_out: say('You are signed out.', 'Sign in to send. You can go on working meanwhile.'),
  busy: say('The backend is busy.', 'It goes by itself in a moment.'),
  refused: say('The backend refused the request.', 'Try again; if it stays so, tell support.'),
  answer_invalid: say('The backend’s answer made no sense.', 'It is tried again.'),
  receipt_unverified: say('The receipt could not be verified.', 'It is tried again. The record stays here.'),

  // Phone
  phone_storage_full: say(
    'This phone’s storage is full.',
    'Free some space. Everything saved is safe; this one is not saved yet.',
  ),
  phone_storage_low: say(
    'This phone is full: its last reserve is in use.',
    'Everything is saved. Send now, and free some space.',
  ),
  phone_photo_given_up: say(
    'This phone is full: a photo was given up for a record.',
    'The record is saved. Send now, and free some space.',
  ),
  phone_storage_lost: say(
    'The browser lost its database for a moment.',
    'Reload the app. Everything saved is safe.',
  ),
  phone_storage_blocked: say('Another tab holds an older version of the app.', 'Close the other tabs.'),
  phone_storage_slow: say(
    'This phone’s storage takes long to open.',
    'Wait a little. If nothing comes, close all windows of the app and open it again. Everything saved is safe.',
  ),
  phone_storage_corrupt: say(
    'Something stored on this phone cannot be read.',
    'Call support before you do anything else.',
  ),
};

/** Words for a code. A code from outside the lists (never ours) gets the words for the unexpected. */
export function troubleWords(code: string): TroubleWords {
  return code in TROUBLE ? TROUBLE[code as TroubleCode] : TROUBLE.unexpected;
}
