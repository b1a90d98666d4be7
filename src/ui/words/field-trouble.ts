import type { NotCheckable, OutcomeCode } from '../../../contract/codes.ts';
import type { LabelErrorCode } from '../../../core/label/label.ts';
import type { CertificateFault } from '../../ports/certificate-check.ts';
import type { DeviceErrorCode } from '../../ports/device.ts';
import type { WhereaboutsCode } from '../../ports/whereabouts.ts';
import type { ScanErrorCode } from '../../scan/index.ts';
import { say, type TroubleWords, troubleWords } from './trouble.ts';

type FieldCode =
  | 'bench_clash'
  | 'bench_full'
  | 'bench_maker'
  | 'certificate_written'
  | 'label_not_tied'
  | 'nothing_to_write'
  | 'another_device'
  | 'same_device'
  | WhereaboutsCode
  | CertificateFault
  | Exclude<DeviceErrorCode, OutcomeCode>
  | LabelErrorCode
  | NotCheckable
  | ScanErrorCode;

/** What can only happen beside a device: these words come with those screens. A code without words does not compile. */
const TROUBLE: Record<FieldCode, TroubleWords> = {
  // Certificate
  certificate_written: say(
    'Its certificate is in the device already.',
    'Somebody wrote it. Nothing is left to do.',
  ),
  nothing_to_write: say(
    'No certificate waits for this device.',
    'It was written, or it ended. Open the device to see.',
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
  lorawan_malformed: say('This LoRaWAN code is not whole.', 'Scan it again with the whole code in view.'),
  matter_malformed: say('This Matter code is not whole.', 'Scan it again with the whole code in view.'),
  matter_no_serial: say(
    'This Matter code opens a device, but does not say which one.',
    'Scan another code on the label, or type the serial or MAC below it.',
  ),
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
    'Ask support which security tag this model uses, and type it here.',
  ),
  install_rejected: say(
    'The device would not store the certificate.',
    'Restart it and try again; if it stays so, tell support.',
  ),
  storage_full: say(
    'The device has no room for the certificate.',
    'Its maker must give it firmware with more room.',
  ),
  restart_needed: say('The device takes nothing more before it restarts.', 'Restart it, then go on.'),
  presence_missing: say(
    'This device asks for the secret on its label.',
    'It stands in or beside the square code. Type it, or take a photo of the label.',
  ),
  presence_wrong: say(
    'The device does not take the secret of this label.',
    'Make sure that label and device belong together, then scan again.',
  ),
  key_changed: say(
    'The device’s key is not the one in its certificate.',
    'If this is the right device, bind it again.',
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
  wifi_needs_button: say(
    'The device waits for its button.',
    'Press the button on the device, then try again.',
  ),
  nothing_to_bind: say('This firmware has no key to bind.', 'Only its Wi-Fi can be set up from here.'),
  attestation_mismatch: say(
    'What the device vouches for is not what it handed over.',
    'Do not bind it. Report it.',
  ),

  // Certificate
  certificate_malformed: say('The certificate cannot be read.', 'Sync again; if it stays so, tell support.'),
  certificate_chain_invalid: say(
    'The certificate does not lead to your organisation’s trust.',
    'Do not write it. Tell support.',
  ),
  certificate_key_mismatch: say(
    'The certificate is for another key than this device’s.',
    'Connect the device that you bound.',
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

  // What could not be checked
  no_request: say('This firmware hands over no certificate request.', 'Its own signed token counts instead.'),
  identity_not_told: say(
    'This firmware does not say which device it is.',
    'Check by eye that the label belongs to the device.',
  ),
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
  label_has_no_key: say(
    'The label carries no key to compare.',
    'The backend compares with the maker’s list.',
  ),
  subject_says_nothing: say('This firmware puts no name into its request.', 'The key is compared instead.'),
  list_not_on_phone: say('The list on this phone does not cover it.', 'The backend decides.'),
  list_cut: say(
    'This phone has only a part of the maker’s list, and the device is not in it.',
    'Go on: the backend has all of it and decides.',
  ),
  row_has_no_key: say('The maker’s list has no key for it here.', 'The backend decides.'),
  algorithm_not_offered_here: say('This browser cannot check this kind of key.', 'The backend checks it.'),

  // Label and device
  label_not_tied: say(
    'This label names no device, and this device did not ask for its secret.',
    'Nothing shows that they belong together. Use a label that names the device, or type its code.',
  ),

  // A device that was asked for
  another_device: say(
    'This is another device than the one you chose.',
    'Scan the label of the right one, or go back to begin with this one.',
  ),
  same_device: say('This is the device that is to be replaced.', 'Scan the label of the new one.'),

  // Where the phone is
  location_denied: say(
    'This page may not know where you are.',
    'Allow it in the browser’s site settings, or go on without.',
  ),
  location_unknown: say(
    'This phone does not know where it is.',
    'Go outside for a moment, or go on without.',
  ),
  location_slow: say('This phone is still looking where it is.', 'Try again, or go on without.'),

  // List at the bench
  bench_clash: say(
    'This device’s name or key is on the list already, with another one beside it.',
    'One label was read for two devices, or the device has a new key. Take the wrong row off and read again.',
  ),
  bench_full: say(
    'This list is full: it holds 10,000 devices.',
    'Download it and take rows off, then read this device again.',
  ),
  bench_maker: say(
    'No row can be made of this name.',
    'The maker’s name is small letters and digits; a serial has at most 1024 characters.',
  ),
};

/** Words for a code at a device; any other code has those of the whole app. */
export function fieldTroubleWords(code: string): TroubleWords {
  return code in TROUBLE ? TROUBLE[code as FieldCode] : troubleWords(code);
}
