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
}

/** The device's key and what its private key has signed. */
export interface DeviceEvidence {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Bytes;
  /** PKCS#10 certification request, DER, exactly as the device gave it. */
  readonly csr: Bytes;
  /** `fresh` only if something in the evidence is signed over a challenge of ours. */
  readonly possession: 'static' | 'fresh';
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
  readonly installs: boolean;
  readonly readsBack: boolean;
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
  /** Writes and reads back each part; resolves only when every digest agrees. Safe to repeat after a cut. */
  install(bundle: CredentialBundle, onPart: (part: WrittenPart) => void, signal: AbortSignal): Promise<readonly WrittenPart[]>;
  /** What the device holds now, to resume a half-done installation by its true state. */
  installed(bundle: CredentialBundle, signal: AbortSignal): Promise<readonly WrittenPart[]>;
  close(): Promise<void>;
}
