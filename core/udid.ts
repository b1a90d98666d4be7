import { type Bytes, concat, utf8 } from './bytes.ts';
import type { CryptoPort } from './crypto.ts';
import { luhnValid } from './label/luhn.ts';

declare const UDID: unique symbol;

/**
 * Canonical identity of a device: `[a-z0-9-]{1,63}`, one DNS label (RFC 1035 section 2.3.1, RFC 5890 section 2.3.1) and one
 * SPIFFE path segment, so never a colon or a dot. Only {@link isUdid} and the functions below make one.
 *
 * | form | from |
 * |---|---|
 * | `imei-` 15 digits | IMEI with its check digit |
 * | `mac-` 12 or 16 hex | EUI-48, EUI-64 |
 * | `uuid-` 36 characters | UUID |
 * | `key-` 52 characters | SHA-256 of the SPKI, for a device known by its key only |
 * | `<maker>-` serial | a maker's serial of A-Z, 0-9 and inner hyphens, in lower case |
 * | `h-` 52 characters | SHA-256 of any other serial of a maker |
 *
 * Injective: two identities share a UDID only if SHA-256 collides.
 * 1. The scheme ends at the first hyphen, because neither a scheme nor a maker's name contains one; so forms of
 *    different schemes differ. A maker's name has two characters or more and is never a reserved scheme, so no plain
 *    form begins with the one-letter marker `h-`.
 * 2. Within imei, mac, uuid and key the text is the value's only canonical form.
 * 3. A plain serial holds no lower-case letter, so writing it in lower case loses nothing. Every other serial, those with
 *    a lower-case letter included, goes to rule 4.
 * 4. The digest is of `fieldbind-udid NUL maker NUL serial` in UTF-8. A maker's name holds no NUL, and a serial that is not
 *    well-formed UTF-16 (which UTF-8 would replace) is refused, so the input determines maker and serial.
 */
export type Udid = string & { readonly [UDID]: true };

export type UdidErrorCode =
  /** No IMEI: 15 digits are expected (3GPP TS 23.003 section 6.2.1). Ask to read it again from the label. */
  | 'imei_malformed'
  /** The IMEI's last digit does not fit the others: a digit was misread or mistyped. Ask to read it again. */
  | 'imei_check_digit'
  /** All zeros: a modem that was never given an IMEI reports this. Use another identity of the device. */
  | 'imei_blank'
  /** No MAC: 12 hex digits (EUI-48) or 16 (EUI-64) are expected. Ask to read it again. */
  | 'mac_malformed'
  /** All zeros or all ones: an interface that was never given an address. Use another identity of the device. */
  | 'mac_blank'
  /** No UUID: 32 hex digits are expected. Ask to read it again. */
  | 'uuid_malformed'
  /** The nil or max UUID (RFC 9562 section 5.9): no device's own. Use another identity of the device. */
  | 'uuid_blank'
  /** The maker's short name is not `[a-z][a-z0-9]{1,15}`, or is a reserved scheme. Choose a maker from the list. */
  | 'maker_name'
  /** The serial is empty, over 1024 characters, or not well-formed text. Ask to read it again. */
  | 'serial_malformed';

export type UdidResult =
  | { readonly ok: true; readonly udid: Udid }
  | { readonly ok: false; readonly code: UdidErrorCode };

/** Schemes that can never be a maker's name. `udid`, `urn`, `www` and `serial` are kept free of a maker's claim. */
const RESERVED: ReadonlySet<string> = new Set([
  'imei',
  'mac',
  'uuid',
  'key',
  'hash',
  'udid',
  'urn',
  'www',
  'serial',
]);
const MAKER = /^[a-z][a-z0-9]{1,15}$/;
/** No hyphen at either end: a DNS label may not end in one, and `xn-` + `-...` would read as an IDNA label. */
const PLAIN_SERIAL = /^[A-Z0-9](?:[A-Z0-9-]*[A-Z0-9])?$/;
const MAX_SERIAL = 1024;
const MAX_UDID = 63;
/** 256 bits are 51 characters of five bits and one bit more, so the last character is `0` or `g`. */
const DIGEST = '[0-9a-v]{51}[0g]';
const HASHED = new RegExp(`^h-${DIGEST}$`);
const KEYED = new RegExp(`^key-${DIGEST}$`);
const MAC = /^(?:[0-9a-f]{12}|[0-9a-f]{16})$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MAKERS = /^([a-z][a-z0-9]{1,15})-[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** True for exactly the texts that the functions below can give: a bare `mqtt` or `www` has no scheme and is none. */
export function isUdid(text: string): text is Udid {
  if (text.length > MAX_UDID) return false;
  const hyphen = text.indexOf('-');
  const rest = text.slice(hyphen + 1);
  switch (text.slice(0, Math.max(hyphen, 0))) {
    case 'imei':
      return udidFromImei(rest).ok && /^[0-9]{15}$/.test(rest);
    case 'mac':
      return MAC.test(rest) && !blank(rest);
    case 'uuid':
      return UUID.test(rest) && !blank(rest.replaceAll('-', ''));
    case 'key':
      return KEYED.test(text);
    case 'h':
      return HASHED.test(text);
    default: {
      const maker = MAKERS.exec(text)?.[1];
      return maker !== undefined && !RESERVED.has(maker);
    }
  }
}

export function isMakerName(text: string): boolean {
  return MAKER.test(text) && !RESERVED.has(text);
}

/** `text`: 15 digits, or grouped as printed on labels (`35-209900-176148-1`, spaces or hyphens). */
export function udidFromImei(text: string): UdidResult {
  const grouped = /^([0-9]{2})([ -]?)([0-9]{6})\2([0-9]{6})\2([0-9])$/.exec(text);
  if (grouped === null) return { ok: false, code: 'imei_malformed' };
  const digits = text.replace(/[^0-9]/g, '');
  if (/^0+$/.test(digits)) return { ok: false, code: 'imei_blank' };
  if (!luhnValid(digits)) return { ok: false, code: 'imei_check_digit' };
  return { ok: true, udid: `imei-${digits}` as Udid };
}

/** `text`: EUI-48 or EUI-64, either case; pairs joined by `:` or `-`, fours by `.`, or nothing between. */
export function udidFromMac(text: string): UdidResult {
  const pairs = /^[0-9a-f]{2}([:-]?)(?:[0-9a-f]{2}\1){4}(?:[0-9a-f]{2}\1[0-9a-f]{2}\1)?[0-9a-f]{2}$/i.test(
    text,
  );
  const fours = /^[0-9a-f]{4}\.[0-9a-f]{4}\.(?:[0-9a-f]{4}\.)?[0-9a-f]{4}$/i.test(text);
  if (!pairs && !fours) return { ok: false, code: 'mac_malformed' };
  const hex = text.toLowerCase().replace(/[^0-9a-f]/g, '');
  return blank(hex) ? { ok: false, code: 'mac_blank' } : { ok: true, udid: `mac-${hex}` as Udid };
}

/** `text`: a UUID in any usual form: 36 characters, 32 hex digits, in braces, or `urn:uuid:`; either case. */
export function udidFromUuid(text: string): UdidResult {
  const bare = text.replace(/^urn:uuid:/i, '').replace(/^\{(.*)\}$/, '$1');
  const hex =
    /^[0-9a-f]{32}$/i.test(bare) || UUID.test(bare.toLowerCase())
      ? bare.replaceAll('-', '').toLowerCase()
      : '';
  if (hex === '') return { ok: false, code: 'uuid_malformed' };
  if (blank(hex)) return { ok: false, code: 'uuid_blank' };
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return { ok: true, udid: `uuid-${parts.join('-')}` as Udid };
}

/**
 * @param maker the maker's short name, `[a-z][a-z0-9]{1,15}`, no reserved scheme
 * @param serial the serial exactly as the maker writes it; case counts
 */
export async function udidFromSerial(
  crypto: Pick<CryptoPort, 'sha256'>,
  maker: string,
  serial: string,
): Promise<UdidResult> {
  if (!isMakerName(maker)) return { ok: false, code: 'maker_name' };
  if (serial.length === 0 || serial.length > MAX_SERIAL || !serial.isWellFormed()) {
    return { ok: false, code: 'serial_malformed' };
  }
  const plain = `${maker}-${serial.toLowerCase()}`;
  if (PLAIN_SERIAL.test(serial) && plain.length <= MAX_UDID) return { ok: true, udid: plain as Udid };
  const digest = await crypto.sha256(utf8(`fieldbind-udid\0${maker}\0${serial}`));
  return { ok: true, udid: `h-${base32hex(digest)}` as Udid };
}

/** The UDID of a device known only by its key. @param spki SubjectPublicKeyInfo, DER, of the uncompressed point. */
export async function udidFromKey(crypto: Pick<CryptoPort, 'sha256'>, spki: Uint8Array): Promise<Udid> {
  return `key-${base32hex(await crypto.sha256(spki))}` as Udid;
}

/** All zeros or all ones: what an identity looks like that nobody ever wrote. */
function blank(hex: string): boolean {
  return /^(?:0+|f+)$/.test(hex);
}

/** base32hex in lower case without padding (RFC 4648 section 7): keeps to the alphabet of DNS labels, and sorts. */
function base32hex(bytes: Bytes): string {
  const bits = concat(bytes, new Uint8Array(4));
  let out = '';
  for (let at = 0; at < bytes.length * 8; at += 5) {
    const index = at >> 3;
    const word = ((bits[index] ?? 0) << 8) | (bits[index + 1] ?? 0);
    out += '0123456789abcdefghijklmnopqrstuv'.charAt((word >> (11 - (at & 7))) & 31);
  }
  return out;
}

/** The names that a UDID spells out, as devices write them: bare digits, and hex in either case. */
export function bareForms(udid: string): string[] {
  const hyphen = udid.indexOf('-');
  const rest = udid.slice(hyphen + 1);
  switch (udid.slice(0, hyphen)) {
    case 'imei':
      return [rest];
    case 'mac':
      return [rest, rest.toUpperCase()];
    case 'uuid': {
      const hex = rest.replaceAll('-', '');
      return [rest, rest.toUpperCase(), hex, hex.toUpperCase()];
    }
    default:
      return []; // a maker's serial or a digest: what the maker wrote stands in the row
  }
}
