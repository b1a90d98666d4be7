import type { Bytes } from '../bytes.ts';
import type { Udid, UdidErrorCode } from '../udid.ts';

export type LabelKind = 'arduino' | 'dpp' | 'esp' | 'imei' | 'lorawan' | 'mac' | 'matter' | 'udid' | 'uuid';

/** What a label says. Nothing in it is proved: possession is the device's own affair. */
export interface Label {
  readonly kind: LabelKind;
  /** Absent where the label names no identity; the maker's list is then searched by `publicKey` or `aliases`. */
  readonly udid?: Udid;
  /** The maker's serial that its UDID is made of (`udidFromSerial`), where that takes a digest. */
  readonly serial?: { readonly maker: string; readonly serial: string };
  /** Other names of the same device as the label gives them: bare IMEI digits, lower-case hex of a MAC, printed text. */
  readonly aliases: readonly string[];
  /** The device's key: SubjectPublicKeyInfo, DER, uncompressed point, so that it compares to a CSR's byte by byte. */
  readonly publicKey?: Bytes;
  /** Knowledge of it is presence. Sealed at capture or not stored; never in the audit log or the queue in clear. */
  readonly secret?: string;
  /** The user name that goes with the secret (Espressif's security 2). */
  readonly username?: string;
  readonly model?: string;
  /** The text as read, with secrets cut out: the only form of it that may be stored. */
  readonly redacted: string;
}

/** Why a text is no label. Results never carry the text itself, which may hold a secret. */
export type LabelErrorCode =
  | Exclude<UdidErrorCode, 'maker_name' | 'serial_malformed'>
  /** Empty, or over 4096 characters, or not well-formed text. Say that the code could not be read; offer to type it. */
  | 'label_unreadable'
  /** Read well, but in no known form. Say that this is not a device's label, and offer to type the code below it. */
  | 'label_unknown'
  /**
   * 12 or 16 decimal digits without separators: a MAC, or as likely an article number or IMEISV. Ask for the MAC with
   * its colons, or for another code on the label.
   */
  | 'mac_ambiguous'
  /**
   * Letters and digits that name no scheme: a maker's serial, most likely. Ask whose it is, then use udidFromSerial.
   */
  | 'udid_no_scheme'
  /** A DPP code that breaks off, repeats a field or has no end mark. Ask to scan it again. */
  | 'dpp_malformed'
  /** A DPP code without its key. The label is not usable; type the serial instead and report the label to the maker. */
  | 'dpp_no_key'
  /** The key's bytes are no key, or its point is not on the curve: misprinted or forged. Do not bind by it; report it. */
  | 'dpp_bad_key'
  /** A sound key on a curve that is not served (P-256 and P-384 are). Report the device type to support. */
  | 'dpp_curve'
  /** An Espressif code that breaks off, or lacks the device's name. Ask to scan it again. */
  | 'esp_malformed'
  /** A LoRaWAN code that breaks off, or whose checksum does not fit. Ask to scan it again. */
  | 'lorawan_malformed'
  /** A Matter code that breaks off or holds what no device has. Ask to scan it again. */
  | 'matter_malformed'
  /** A Matter code opens a device for its controller, and most do not say which. Ask for another code on the label. */
  | 'matter_no_serial';

export type LabelResult =
  | { readonly ok: true; readonly label: Label }
  | { readonly ok: false; readonly code: LabelErrorCode };

/** One label format. `claims` is cheap and total; the first format to claim a text decides alone what it is. */
export interface LabelFormat {
  readonly kind: LabelKind;
  claims(text: string): boolean;
  /** Called only with a bounded text that `claims` took. Never throws. */
  parse(text: string): LabelResult;
}

export const MAX_LABEL_LENGTH = 4096;
