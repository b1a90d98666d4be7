import type { CheckFailure, NotCheckable, OutcomeCode, RejectionCode } from '../../../contract/codes.ts';
import type { LabelErrorCode } from '../../../core/label/label.ts';
import type { BackendFailure } from '../../ports/backend.ts';
import type { CertificateFault } from '../../ports/certificate-check.ts';
import type { DeviceErrorCode } from '../../ports/device.ts';
import type { SendFault } from '../../ports/outbox.ts';
import type { ScanErrorCode } from '../../scan/index.ts';
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
  | 'session_only'
  | 'not_enrolled'
  | 'domain_not_in_pack'
  | 'no_work_pack'
  | 'needs_signal'
  | 'chain_busy'
  | 'unexpected';
export type TroubleCode =
  | AppCode
  | BackendFailure['kind']
  | CertificateFault
  | CheckFailure
  | DeviceErrorCode
  | LabelErrorCode
  | NotCheckable
  | OutcomeCode
  | RejectionCode
  | ScanErrorCode
  | SendFault['code']
  | StorageErrorCode;

const say = (what: string, next: string): TroubleWords => ({ what, next });

/** One entry per code of every closed list: a code without words does not compile. */
const TROUBLE: Record<TroubleCode, TroubleWords> = {
  // The app itself
  not_enrolled: say('This phone is not signed in yet.', 'Sign in once while you have signal.'),
  domain_not_in_pack: say(
    'This domain is not in the work pack on this phone.',
    'Refresh the work pack while you have signal.',
  ),
  no_work_pack: say('There is no work pack on this phone.', 'Open Get ready while you have signal.'),
  needs_signal: say('This step needs signal.', 'Try again when you are online.'),
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
  session_only: say(
    'This browser cannot keep your key.',
    'Private mode? Send everything before you close it.',
  ),
  unexpected: say(
    'Something went wrong that we did not foresee.',
    'Try again. Everything saved is still here.',
  ),

  // Label
  label_unreadable: say(
    'The code could not be read.',
    'Scan it again, closer and straight on, or type the code printed beside it.',
  ),
  label_unknown: say(
    'This is not a device label we know.',
    'Look for another code on the device, or type its serial.',
  ),
  mac_ambiguous: say(
    'These digits could be an address or an article number.',
    'Type the address with its colons, or scan another code on the label.',
  ),
  udid_no_scheme: say(
    'This code does not say whose device it is.',
    'Scan the label’s square code, or type the MAC, IMEI or UUID.',
  ),
  dpp_malformed: say('The code breaks off in the middle.', 'Scan it again with the whole code in view.'),
  dpp_no_key: say(
    'This label lacks the device’s key.',
    'Type the serial instead, and report the label to its maker.',
  ),
  dpp_bad_key: say('The key on this label is misprinted or forged.', 'Do not bind by this label. Report it.'),
  dpp_curve: say('This label’s key is of a kind we do not take.', 'Report the device type to support.'),
  esp_malformed: say('The code breaks off in the middle.', 'Scan it again with the whole code in view.'),
  imei_malformed: say('An IMEI has 15 digits.', 'Read it again from the label.'),
  imei_check_digit: say('One digit of this IMEI is wrong.', 'Read it again from the label.'),
  imei_blank: say(
    'This IMEI is all zeros: the modem was never given one.',
    'Use another code of the device.',
  ),
  mac_malformed: say('A MAC has 12 or 16 characters, 0–9 and A–F.', 'Read it again from the label.'),
  mac_blank: say('This address was never set.', 'Use another code of the device.'),
  uuid_malformed: say('A UUID has 32 characters, 0–9 and A–F.', 'Read it again from the label.'),
  uuid_blank: say('This UUID was never set.', 'Use another code of the device.'),

  // Camera and photo
  camera_denied: say(
    'The camera is not allowed for this page.',
    'Allow it in the browser’s site settings, or take a photo, or type the code.',
  ),
  camera_absent: say('No camera was found.', 'Use a photo or type the code.'),
  camera_busy: say('Another app holds the camera.', 'Close it there and try again.'),
  camera_lost: say('The camera stopped.', 'Start it again.'),
  insecure_origin: say(
    'The browser gives no camera and no pairing to a page without https.',
    'Open the app over https or on localhost. The README says how on a phone.',
  ),
  camera_cannot: say('This camera cannot do that.', 'Go on without it.'),
  decoder_failed: say('The code reader did not start.', 'Reload the app, or type the code.'),
  photo_unreadable: say('This file is not a picture the browser can open.', 'Take a new photo.'),
  photo_too_large: say('This picture is too large.', 'Take a smaller photo.'),
  no_code_found: say(
    'No code was found on this picture.',
    'Go closer, hold still, avoid glare, or type the code.',
  ),
  stopped: say('Stopped.', 'Start again when you are ready.'),

  // Device and link
  link_lost: say('The connection to the device broke.', 'Connect again. What is done stays done.'),
  link_refused: say('The browser did not let us open the device.', 'Allow it, then choose the device again.'),
  link_busy: say('Another program holds this device.', 'Close it there, then try again.'),
  link_stuck: say('The browser’s own Bluetooth hangs.', 'Reload the app. Nothing saved is lost.'),
  no_device_chosen: say('No device was chosen.', 'Check that it is on and plugged in, then choose it.'),
  timed_out: say('The device did not answer in time.', 'Try again, nearer or with another cable.'),
  aborted: say('Stopped.', 'Start again when you are ready.'),
  unsupported_here: say(
    'This browser cannot use that connection.',
    'Use another connection, or Chrome or Edge.',
  ),
  device_silent: say(
    'Nothing came back from the device.',
    'Check power and cable, and that this is the right port.',
  ),
  device_garbage: say('What the device sends makes no sense.', 'Try another port or cable.'),
  device_refused: say('The device said no.', 'Restart it and try again; if it stays so, tell support.'),
  driver_unknown: say('The device answers, but in no way we know.', 'Make sure this is the right device.'),
  evidence_not_seen: say(
    'This device shows its key only when it starts.',
    'Press its reset button with the cable in, then try again.',
  ),
  evidence_needs_cable: say('This device does not give its key over Bluetooth.', 'Use the cable instead.'),
  no_key: say('This device has no key yet.', 'Its maker must give it one first.'),
  csr_missing: say(
    'The device gave its key but no certificate request.',
    'Restart it; if it stays so, its firmware cannot be bound.',
  ),
  sec_tag_unknown: say(
    'The device does not say where its certificate belongs.',
    'Ask support to set the security tag of this model.',
  ),
  install_rejected: say(
    'The device would not store the certificate.',
    'Restart it and try again; if it stays so, tell support.',
  ),
  read_back_mismatch: say(
    'The device holds something else than what was written.',
    'Write again. If it stays so, do not use this device.',
  ),
  storage_full: say(
    'The device has no room for the certificate.',
    'Its maker must give it firmware with more room.',
  ),
  presence_missing: say(
    'This device asks for the secret on its label.',
    'Scan the square code on its label.',
  ),
  presence_wrong: say(
    'The device does not take the secret of this label.',
    'Make sure that label and device belong together, then scan again.',
  ),
  key_changed: say(
    'The device’s key is not the one in its certificate.',
    'If this is the right device, register it again.',
  ),
  proof_failed: say('The device could not prove that the key is its own.', 'Do not bind it. Report it.'),
  key_exists: say(
    'This device has a key already, and shows its request only once.',
    'Use the registration made then. If there is none, ask your office to have the key removed.',
  ),
  wifi_failed: say(
    'The device could not join the network.',
    'Move it nearer to the access point, then try again.',
  ),
  wifi_password_wrong: say('The network does not take this password.', 'Type it again.'),
  wifi_not_found: say(
    'The device does not see this network.',
    'Check the name. Many devices see 2.4 GHz networks only.',
  ),
  nothing_to_bind: say('This firmware has no key to bind.', 'Only its Wi-Fi can be set up from here.'),
  attestation_mismatch: say(
    'What the device vouches for is not what it handed over.',
    'Do not bind it. Report it.',
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
  identity_not_told: say(
    'This firmware does not say which device it is.',
    'Check by eye that the label belongs to the device.',
  ),
  no_request: say('This firmware hands over no certificate request.', 'Its own signed token counts instead.'),
  key_from_request: say(
    'This firmware shows its key only inside its request.',
    'There is nothing to compare it with here. The maker’s list decides.',
  ),
  possession_static: say(
    'This firmware cannot sign our challenge here, so what it gave could be a copy.',
    'It stays unproven until the device itself makes contact.',
  ),
  challenge_unknown: say(
    'It is not known here what the device was asked to sign.',
    'It stays unproven until the device itself makes contact.',
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
  label_has_no_key: say(
    'The label carries no key to compare.',
    'The backend compares with the maker’s list.',
  ),
  subject_says_nothing: say('This firmware puts no name into its request.', 'The key is compared instead.'),
  list_not_on_phone: say('The list on this phone does not cover it.', 'The backend decides.'),
  row_has_no_key: say('The maker’s list has no key for it here.', 'The backend decides.'),
  algorithm_not_offered_here: say('This browser cannot check this kind of key.', 'The backend checks it.'),

  // Certificate
  certificate_malformed: say('The certificate cannot be read.', 'Sync again; if it stays so, tell support.'),
  certificate_chain_invalid: say(
    'The certificate does not lead to your organisation’s trust.',
    'Do not write it. Tell support.',
  ),
  certificate_key_mismatch: say(
    'The certificate is for another key than this device’s.',
    'Connect the device that you registered.',
  ),
  certificate_domain_mismatch: say(
    'The certificate names another device or domain.',
    'Do not write it. Tell support.',
  ),
  certificate_expired: say('The certificate is not valid now.', 'Check this phone’s clock, then sync again.'),
  certificate_revoked: say('The certificate was revoked meanwhile.', 'Do not write it. Call support.'),
  certificate_fingerprint_mismatch: say(
    'The certificate was changed on its way.',
    'Sync again; if it stays so, tell support.',
  ),

  // Decisions
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
  taken_same_org: say(
    'Your organisation has this device bound elsewhere.',
    'Did it move, or did you scan the wrong one?',
  ),
  transfer_case: say('This device belongs to someone else.', 'A transfer case was opened. Support decides.'),
  udid_only_row: say('The maker’s list has only a serial for it, no key.', 'A colleague must approve it.'),
  submitted_as_found: say('You submitted it although a check failed.', 'A colleague must approve it.'),
  operator_revoked: say('It arrived after your access ended.', 'Your supervisor can release it.'),
  credential_expired: say(
    'This phone’s sign-in was too old.',
    'Sign in again; your supervisor can release it.',
  ),
  clock_skew: say('This phone’s clock was wrong.', 'A person decides. Set the clock now.'),
  registration_unknown: say('The backend does not know the registration this speaks of.', 'Tell support.'),
  certificate_unknown: say('The backend did not issue this certificate.', 'Tell support.'),
  already_decided: say('It was decided before.', 'Nothing to do.'),
  kind_not_supported: say('The backend does not take this kind of record yet.', 'It stays on this phone.'),
  approval_refused: say('A colleague looked at it and refused it.', 'Ask your office.'),
  withdrawn: say('You took this record back.', 'Nothing to do.'),

  // Envelope
  envelope_malformed: say('The record was damaged.', 'It stays on this phone. Tell support.'),
  version_unknown: say(
    'The backend is older than this app.',
    'It stays on this phone until the backend is updated.',
  ),
  payload_invalid: say('The backend cannot read this record.', 'It stays on this phone. Tell support.'),
  operator_key_unknown: say(
    'The backend does not know this phone’s key.',
    'It stays on this phone. Sign in again and tell support.',
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
  phone_storage_lost: say(
    'The browser lost its database for a moment.',
    'Reload the app. Everything saved is safe.',
  ),
  phone_storage_blocked: say('Another tab holds an older version of the app.', 'Close the other tabs.'),
  phone_storage_corrupt: say(
    'Something stored on this phone cannot be read.',
    'Call support before you do anything else.',
  ),
};

/** Words for a code. A code from outside the lists (never ours) gets the words for the unexpected. */
export function troubleWords(code: string): TroubleWords {
  return code in TROUBLE ? TROUBLE[code as TroubleCode] : TROUBLE.unexpected;
}
