import type { Bytes } from '../../core/bytes.ts';

/** How bytes reach a device. It stands in the signed record, so that a simulated one can never pass for real. */
export type LinkKind = 'serial' | 'bluetooth' | 'usb' | 'simulated';

/** What a device says of itself. Any of it may be absent: many firmwares know neither name nor serial. */
export interface DeviceIdentity {
  readonly driver: string;
  readonly firmware?: string;
  readonly model?: string;
  /** Identities the device itself states (canonical UDIDs or raw serials), to be compared with the label's. */
  readonly aliases: readonly string[];
  /** The device opened this session only for the label's secret: label and device are one. */
  readonly openedBySecret?: boolean;
}

/** The device's key and what its private key has signed. */
export interface DeviceEvidence {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Bytes;
  /** PKCS#10 certification request, DER, exactly as the device gave it. Empty where its firmware makes none. */
  readonly csr: Bytes;
  /** `csr`: the firmware shows its key nowhere else, so that comparing the two says nothing. Absent: the device told it. */
  readonly keyFrom?: 'device' | 'csr';
  /** `fresh` only if something in the evidence is signed over a challenge of ours. */
  readonly possession: 'static' | 'fresh';
  /** Where `fresh` is not by the request's subject: the device key's signature over the visit's challenge. */
  readonly proof?: Proof;
  /** What the device states of itself under a key we may not know: kept for whoever can judge it. */
  readonly attestations?: readonly DeviceAttestation[];
}

/**
 * `challenge`: the signature is over the challenge's bytes. `jwt`: over the token's first two parts, and the challenge
 * stands in its claims as lower-case hex. `signature` is as the device gave it: DER, RSA-PSS or, of a JWT, the whole token.
 */
export interface Proof {
  readonly over: 'challenge' | 'jwt';
  readonly signature: Bytes;
}

/** One signed statement, as text exactly as the device gave it. */
export interface DeviceAttestation {
  readonly kind: 'nordic-keygen' | 'nordic-attesttoken' | 'arduino-jwt';
  readonly text: string;
}

/** What is written into a device. PEM texts end with a line feed. */
export interface CredentialBundle {
  /** The operational certificate, PEM. */
  readonly leafPem: string;
  /** The certificates between leaf and trust anchor, PEM, leaf side first. May be empty. */
  readonly chainPem: string;
  /** What the device is to trust for services of its domain, PEM. */
  readonly anchorPem: string;
}

export type InstallPart = 'leaf' | 'chain' | 'anchor';

/** One credential written and read back. The digest is of the exact stored bytes, as the device itself states it. */
export interface WrittenPart {
  readonly parts: readonly InstallPart[];
  /** SHA-256, lower-case hex. */
  readonly digest: string;
}

/** What this driver's firmware can prove; shown before anything is done and copied into the record. */
export interface DriverTraits {
  readonly name: string;
  /** Whether a CSR's subject says anything about the device: some firmwares put a fixed text there. */
  readonly csrSubject: 'identity' | 'says-nothing';
  readonly possession: 'static' | 'fresh';
  /**
   * How `fresh` will be reached: a request whose subject we choose, or a signature over our challenge. Absent where it is
   * static, and where only the device's answer tells.
   */
  readonly freshBy?: 'csr-subject' | 'signed-challenge';
  /** What this firmware hands over. `none`: it has no key to bind; it may still be brought into a network. */
  readonly evidence: 'key-and-csr' | 'key-only' | 'none';
  /** The kind of list row that its evidence can be held against. */
  readonly rowKind: 'key' | 'voucher' | 'udid-only';
  readonly installs: boolean;
  /** Whether it has a place for the domain's service trust anchor. */
  readonly holdsAnchor: boolean;
  readonly readsBack: boolean;
  /** Whether it can be brought into a Wi-Fi network over this link. */
  readonly wifi: boolean;
  /** `evidence` makes the device's key if it has none, and can do so only once: say so before. */
  readonly makesKey: boolean;
}

/** What the device's Wi-Fi is doing. `needs-button`: it wants its button pressed before it listens. */
export type WifiState = 'needs-button' | 'ready' | 'joining' | 'joined' | 'failed';

export interface WifiNetwork {
  readonly ssid: string;
  /** Signal strength in dBm. */
  readonly rssi: number;
  readonly needsPassword: boolean;
}

/**
 * Brings a device into a network, over the link it is on. A password is sent and never kept. Every call ends. `scan` and
 * `join` reject with `wifi_needs_button` while the state is `needs-button`.
 */
export interface WifiStep {
  state(signal: AbortSignal): Promise<WifiState>;
  /** At most 64, strongest first, each name once. */
  scan(signal: AbortSignal): Promise<readonly WifiNetwork[]>;
  /**
   * Resolves when the device has joined. Rejects with `wifi_password_wrong`, `wifi_not_found` or `wifi_failed`, and
   * leaves the device so that it takes another try.
   */
  join(ssid: string, password: string, signal: AbortSignal): Promise<void>;
}

/** The secret of a label. Held in memory for one visit; never in a record, a log or an error. */
export interface LabelSecret {
  readonly secret: string;
  /** Security 2's user name, where the label has one. */
  readonly username?: string;
}

/** What this visit to one device knows and wants, for firmware that has to be told. */
export interface Visit {
  /** What the label or the list calls this device. */
  readonly udid?: string;
  readonly secret?: LabelSecret;
  /** 32 bytes that the device is to sign or put in its request, so that its possession is fresh. */
  readonly challenge?: Bytes;
  /** Security tag of the device's certificate, where the site knows better than the device tells. */
  readonly secTag?: number;
  /** The person was told that a key without a certificate is in the device, and wants it replaced. */
  readonly replaceOrphanKey?: boolean;
}

/**
 * One open session with one device. Every call ends by reply, time-out, abort or disconnect, and rejects with
 * DeviceError only (src/device/error.ts).
 */
export interface DeviceSession {
  readonly link: LinkKind;
  readonly traits: DriverTraits;
  identify(signal: AbortSignal): Promise<DeviceIdentity>;
  evidence(signal: AbortSignal): Promise<DeviceEvidence>;
  /**
   * What the device attests of itself without a key being made or shown: for a list of devices whose keys come later
   * (`rowKind` `voucher`). Absent where its firmware has none.
   */
  attest?(signal: AbortSignal): Promise<readonly DeviceAttestation[]>;
  /**
   * Second visit: whether the key that the device uses or shows now is this one (SubjectPublicKeyInfo, DER). Undefined
   * where its firmware does neither a second time: then its identity must be compared. Makes and changes nothing.
   */
  holdsKey(publicKey: Uint8Array, signal: AbortSignal): Promise<boolean | undefined>;
  /** Absent where `traits.wifi` is false. */
  readonly wifi?: WifiStep;
  /** Writes and reads back each part; resolves only when every digest agrees. Safe to repeat after a cut. */
  install(
    bundle: CredentialBundle,
    onPart: (part: WrittenPart) => void,
    signal: AbortSignal,
  ): Promise<readonly WrittenPart[]>;
  /** What the device holds now, to resume a half-done installation by its true state. */
  installed(bundle: CredentialBundle, signal: AbortSignal): Promise<readonly WrittenPart[]>;
  close(): Promise<void>;
}

export interface LinkAvailability {
  readonly serial: boolean;
  readonly bluetooth: boolean;
  readonly usb: boolean;
  readonly simulated: boolean;
}

/**
 * Which device a link goes to. `known-first`: one the person already granted, if exactly one is there, else the
 * browser's chooser. `ask`: always the chooser. `known-only`: never the chooser (works without a user's gesture, as
 * after a reload), and `no_device_chosen` if nothing granted is there.
 */
export type DevicePick = 'known-first' | 'ask' | 'known-only';

export interface ChooseOptions {
  readonly pick?: DevicePick;
  readonly visit?: Visit;
}

/** The way to devices. What the app needs of the device folder, and all it may know of it. */
export interface DevicePort {
  /** What this browser can do at all; whether a device is there is only known by choosing. */
  availableLinks(): LinkAvailability;
  /**
   * Opens a link, finds the driver by asking the device, and gives the session. Call it from a user's gesture, since
   * browsers show their chooser only then. `pick` is `known-first` for a cable and `ask` for radio if left out.
   */
  choose(link: LinkKind, signal: AbortSignal, options?: ChooseOptions): Promise<DeviceSession>;
}

/** The closed list of what can go wrong with a device. Each comment is what to tell the person. */
export type DeviceErrorCode =
  /** The cable was pulled or the device went out of reach: connect again; what is done stays done. */
  | 'link_lost'
  /** The browser or the system did not let us open the device: check permission, then choose it again. */
  | 'link_refused'
  /** Another program or tab holds the device: close it there, then try again. */
  | 'link_busy'
  /** The browser's own connection hangs and only a reload of the page mends it: nothing saved is lost. */
  | 'link_stuck'
  /** Nobody chose a device, or none that is allowed is plugged in: choose one. */
  | 'no_device_chosen'
  /** The device did not answer in time: try again, nearer or with another cable. */
  | 'timed_out'
  /** The person or the app stopped it: nothing to tell. */
  | 'aborted'
  /** This browser has no such link: use another link or another browser. */
  | 'unsupported_here'
  /** Nothing at all came back: check power, cable and the port chosen. */
  | 'device_silent'
  /** What came back makes no sense: wrong port, wrong speed or a bad cable. */
  | 'device_garbage'
  /** The device understood and said no: read `step`, report to support. */
  | 'device_refused'
  /** The device answered, but no driver knows it: is this the right device? */
  | 'driver_unknown'
  /** This firmware prints key and request only when it starts: press its reset button with the cable in, then repeat. */
  | 'evidence_not_seen'
  /** This firmware does not give its key and request over this link, or cuts them short: use the cable instead. */
  | 'evidence_needs_cable'
  /** The device has no key yet: its maker must make one on it. */
  | 'no_key'
  /** A key was seen but no certificate request: restart the device; if it stays so, its firmware cannot be bound. */
  | 'csr_missing'
  /** Nothing says in which security tag this firmware looks for its certificate: set it for this model. */
  | 'sec_tag_unknown'
  /** The device would not store the certificate: report to support. */
  | 'install_rejected'
  /** The device holds something else than what was written: repeat; if it stays so, do not use the device. */
  | 'read_back_mismatch'
  /** The device has no room for the certificate: free some, or ask its maker for firmware with more. */
  | 'storage_full'
  /** The device takes no more until it was restarted, as after a certificate was stored: restart it, then go on. */
  | 'restart_needed'
  /** The device asks for the secret on its label, and none was read: scan the label's square code. */
  | 'presence_missing'
  /** The device does not take the label's secret: is this the label of this device? */
  | 'presence_wrong'
  /** The device's key is not the certificate's: another device, or its key was made anew. Register it again. */
  | 'key_changed'
  /** The device's signature over our challenge does not verify under its key: do not bind it, report it. */
  | 'proof_failed'
  /** The device has a key already, and shows key and request only when one is made: use the registration made then. */
  | 'key_exists'
  /** What the device attests is not what it handed over: do not bind it, report it. */
  | 'attestation_mismatch'
  /** The device could not join the Wi-Fi network: nearer to the access point, then try again. */
  | 'wifi_failed'
  /** The network does not take this password: type it again. */
  | 'wifi_password_wrong'
  /** The device does not see this network: check the name; many devices see 2.4 GHz only. */
  | 'wifi_not_found'
  /** The device takes no network before its button is pressed: press it, then try again. */
  | 'wifi_needs_button'
  /** This firmware has no key to bind: only its Wi-Fi can be set up from here. */
  | 'nothing_to_bind';

/**
 * The one error of everything behind DevicePort. `step` says where it happened, in words fixed in the source, and
 * neither it nor the message ever holds what a device sent or a secret: both end in logs.
 */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code: DeviceErrorCode;
  readonly step: string | undefined;

  constructor(code: DeviceErrorCode, step?: string, options?: { readonly cause?: unknown }) {
    super(step === undefined ? code : `${code} (${step})`, options);
    this.code = code;
    this.step = step;
  }
}
