import { fromUtf8 } from '../bytes.ts';
import type { LabelFormat } from './label.ts';
import { verhoeffValid } from './verhoeff.ts';

/** What a Matter set-up code says (Matter Core 1.3, section 5.1). The passcode opens the device, and is never kept. */
export interface MatterCode {
  readonly vendor?: number;
  readonly product?: number;
  /** 12 bits in the QR code; its upper 4 bits in the typed one. */
  readonly discriminator: number;
  readonly passcode: number;
  /** The device's serial, if its maker put it there (TLV tag 0). */
  readonly serial?: string;
}

const PREFIX = 'MT:';

/**
 * A Matter device's set-up code, scanned or typed. It tells how to find a device on the radio and how to open it, for a
 * Matter controller; which one it is it tells only with a serial in it.
 */
export const matterFormat: LabelFormat = {
  kind: 'matter',
  claims: (text) => text.startsWith(PREFIX) || readMatterDigits(text) !== undefined,
  parse(text) {
    const code = text.startsWith(PREFIX) ? readMatterCode(text) : readMatterDigits(text);
    if (code === undefined) return { ok: false, code: 'matter_malformed' };
    const { vendor, product, serial } = code;
    if (serial === undefined) return { ok: false, code: 'matter_no_serial' };
    const model = `Matter ${hex(vendor)}:${hex(product)}`;
    return { ok: true, label: { kind: 'matter', aliases: [serial], model, redacted: `${model} ${serial}` } };
  },
};

const hex = (value: number | undefined) => (value ?? 0).toString(16).toUpperCase().padStart(4, '0');

/** The QR code's text: Base38 of 88 bits, lowest first, and of TLV after them (sections 5.1.3 and 5.1.5). */
export function readMatterCode(text: string): MatterCode | undefined {
  const bytes = fromBase38(text.slice(PREFIX.length));
  if (bytes === undefined || bytes.length < 11) return undefined;
  const bits = (at: number, count: number) => {
    let value = 0;
    for (let i = 0; i < count; i++) value += (((bytes[(at + i) >> 3] ?? 0) >> ((at + i) & 7)) & 1) * 2 ** i;
    return value;
  };
  const [version, passcode, padding] = [bits(0, 3), bits(57, 27), bits(84, 4)];
  if (version !== 0 || padding !== 0 || !isPasscode(passcode)) return undefined;
  const serial = serialIn(bytes.subarray(11));
  return {
    vendor: bits(3, 16),
    product: bits(19, 16),
    discriminator: bits(45, 12),
    passcode,
    ...(serial === undefined ? {} : { serial }),
  };
}

/** The typed code: 11 digits, or 21 with vendor and product, the last one a check digit (section 5.1.4). */
export function readMatterDigits(text: string): MatterCode | undefined {
  if (!/^[0-9]{4}-?[0-9]{3}-?[0-9]{4}(?:-?[0-9]{5}-?[0-9]{5})?$/.test(text)) return undefined;
  const digits = text.replaceAll('-', '');
  const [first, low, high] = [Number(digits[0]), Number(digits.slice(1, 6)), Number(digits.slice(6, 10))];
  if (first > 7 || first >= 4 !== (digits.length === 21) || low > 0xffff || high > 0x1fff) return undefined;
  const passcode = high * 0x4000 + (low & 0x3fff);
  if (!isPasscode(passcode) || !verhoeffValid(digits)) return undefined;
  const discriminator = ((first & 3) << 2) | (low >> 14);
  if (digits.length === 11) return { discriminator, passcode };
  const [vendor, product] = [Number(digits.slice(10, 15)), Number(digits.slice(15, 20))];
  return vendor > 0xffff || product > 0xffff ? undefined : { vendor, product, discriminator, passcode };
}

/** Section 5.1.7: none of the ones that everybody would try. */
function isPasscode(value: number): boolean {
  const digits = String(value).padStart(8, '0');
  return (
    value > 0 && value < 99_999_999 && !/^(\d)\1{7}$/.test(digits) && !/^(?:12345678|87654321)$/.test(digits)
  );
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.';

/** Five characters are three bytes, lowest first; four at the end are two, two are one. */
function fromBase38(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 5) {
    const piece = text.slice(at, at + 5);
    const count = { 5: 3, 4: 2, 2: 1 }[piece.length];
    let value = 0;
    for (const character of [...piece].reverse()) {
      const digit = ALPHABET.indexOf(character);
      if (digit < 0) return undefined;
      value = value * 38 + digit;
    }
    if (count === undefined || value >= 256 ** count) return undefined;
    for (let i = 0; i < count; i++) bytes.push((value >> (8 * i)) & 0xff);
  }
  return Uint8Array.from(bytes);
}

/** TLV's control bytes with a context tag: structure without a tag, then text or a number under tag 0 (appendix A). */
const STRUCTURE = 0x15;
const TEXT = 0x2c;
const NUMBER = 0x24;

function serialIn(tlv: Uint8Array): string | undefined {
  const [structure, control = 0, tag, first = 0] = tlv;
  if (structure !== STRUCTURE || tag !== 0) return undefined;
  if (control === TEXT) {
    const text = tlv.length >= 4 + first ? fromUtf8(tlv.subarray(4, 4 + first)) : undefined;
    return text !== undefined && /^[\x21-\x7e]{1,32}$/.test(text) ? text : undefined;
  }
  const size = 2 ** (control - NUMBER);
  if (control < NUMBER || control > NUMBER + 2 || tlv.length < 3 + size) return undefined;
  return String(tlv.subarray(3, 3 + size).reduceRight((sum, byte) => sum * 256 + byte, 0));
}
