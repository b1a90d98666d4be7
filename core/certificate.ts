import { type Bytes, equalBytes, fromUtf8, toHex } from './bytes.ts';
import { bitStringBytes, DerError, DerReader, enterDer, oidText, TAG } from './der.ts';

/** An X.509 certificate (RFC 5280 section 4.1), read but not yet believed. Byte fields are views of the input. */
export interface Certificate extends SignedStructure {
  readonly der: Uint8Array;
  /** Lower-case hex without leading zero bytes. */
  readonly serial: string;
  /** Names, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Uint8Array;
  /** Subject alternative names of the two kinds a device's certificate has. */
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  readonly isCa: boolean;
  /** How many further CAs may stand below it; undefined: no limit. */
  readonly pathLength: number | undefined;
  /** keyCertSign; true where no key usage is given (section 4.2.1.3). */
  readonly maySign: boolean;
  /** Key identifiers, hex. */
  readonly ownKeyId: string | undefined;
  readonly issuerKeyId: string | undefined;
  /** It holds a critical extension that is not read here, so it must not be relied upon (section 4.2). */
  readonly hasUnknownCritical: boolean;
}

/** What is signed, how, and the signature. */
export interface SignedStructure {
  readonly tbs: Uint8Array;
  /** Object identifier of the signature algorithm. */
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

const OID = {
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** Throws DerError. At most 16 KiB. */
export function parseCertificate(der: Uint8Array): Certificate {
  const outer = enterDer(der, TAG.sequence);
  const tbs = outer.next(TAG.sequence);
  const body = enterDer(tbs.whole, TAG.sequence);
  const version = body.enter(0xa0).next(TAG.integer).content;
  if (version.length !== 1 || version[0] !== 2) throw new DerError('version 3 was expected');
  const serial = readSerial(body);
  const inner = body.next(TAG.sequence).whole;
  const issuer = body.next(TAG.sequence).whole;
  const validity = body.enter(TAG.sequence);
  const [notBefore, notAfter] = [readTime(validity), readTime(validity)];
  validity.end();
  const subject = body.next(TAG.sequence).whole;
  const spki = body.next(TAG.sequence).whole;
  const extensions = body.peek() === 0xa3 ? body.enter(0xa3).enter(TAG.sequence) : undefined;
  body.end();
  return {
    ...readSigned(outer, tbs.whole, inner),
    der,
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    ...readExtensions(extensions),
  };
}

/** The rest of a SIGNED structure. The algorithm stands in it twice, and must be the same (section 4.1.1.2). */
export function readSigned(outer: DerReader, tbs: Uint8Array, inner: Uint8Array): SignedStructure {
  const algorithm = outer.next(TAG.sequence);
  const signature = bitStringBytes(outer.next(TAG.bitString).content);
  outer.end();
  if (!equalBytes(algorithm.whole, inner)) throw new DerError('two different signature algorithms');
  return { tbs, algorithm: oidText(enterDer(inner, TAG.sequence).next(TAG.oid).content), signature };
}

/** A serial number's magnitude, hex. */
export function readSerial(from: DerReader): string {
  const content = from.next(TAG.integer).content;
  // 20 octets at most (section 4.1.2.2), and one for the sign.
  if (content.length === 0 || content.length > 21) throw new DerError('serial number of a wrong length');
  return toHex(content).replace(/^(?:00)+(?=.)/, '');
}

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime as section 4.1.2.5 wants them: to the second, in UTC. */
export function readTime(from: DerReader): number {
  const { tag, content } = from.next();
  const text = fromUtf8(content) ?? '';
  const digits = (tag === TAG.utcTime ? /^(\d{12})Z$/ : /^(\d{14})Z$/).exec(text)?.[1];
  if (digits === undefined || (tag !== TAG.utcTime && tag !== TAG.generalizedTime))
    throw new DerError('a time was expected');
  const long =
    tag === TAG.generalizedTime ? digits : `${Number(digits.slice(0, 2)) < 50 ? '20' : '19'}${digits}`;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(long)?.slice(1) ?? [];
  const [year, month, day, ...clock] = parts;
  const at = Date.parse(`${year}-${month}-${day}T${clock.join(':')}Z`);
  if (Number.isNaN(at)) throw new DerError('no such time');
  return at;
}

type Extensions = Pick<
  Certificate,
  'uris' | 'dnsNames' | 'isCa' | 'pathLength' | 'maySign' | 'ownKeyId' | 'issuerKeyId' | 'hasUnknownCritical'
>;

function readExtensions(list: DerReader | undefined): Extensions {
  const found = new Map<string, Uint8Array>();
  let hasUnknownCritical = false;
  while (list !== undefined && !list.done) {
    const { id, critical, value } = readExtension(list);
    if (found.has(id)) throw new DerError('an extension stands there twice');
    found.set(id, value);
    if (critical && !(Object.values(OID) as string[]).includes(id)) hasUnknownCritical = true;
  }
  return {
    ...readNames(found.get(OID.subjectNames)),
    ...readConstraints(found.get(OID.basicConstraints)),
    maySign: readMaySign(found.get(OID.keyUsage)),
    ownKeyId: readOwnKeyId(found.get(OID.subjectKey)),
    issuerKeyId: readIssuerKeyId(found.get(OID.authorityKey)),
    hasUnknownCritical,
  };
}

export function readExtension(list: DerReader): { id: string; critical: boolean; value: Bytes } {
  const extension = list.enter(TAG.sequence);
  const id = oidText(extension.next(TAG.oid).content);
  const flag = extension.optional(TAG.boolean)?.content;
  // The default, false, is left out in DER (X.690 section 11.5).
  if (flag !== undefined && (flag.length !== 1 || flag[0] !== 0xff)) throw new DerError('true was expected');
  const value = extension.next(TAG.octetString).content.slice() as Bytes;
  extension.end();
  return { id, critical: flag !== undefined, value };
}

function readNames(value: Uint8Array | undefined): { uris: string[]; dnsNames: string[] } {
  const [uris, dnsNames]: [string[], string[]] = [[], []];
  const names = value && enterDer(value, TAG.sequence);
  while (names !== undefined && !names.done) {
    const { tag, content } = names.next();
    if (uris.length + dnsNames.length >= 32) throw new DerError('more names than are read');
    const text = fromUtf8(content);
    if (tag !== 0x86 && tag !== 0x82) continue;
    // IA5String: anything else would be read as one name here and as another elsewhere.
    if (text === undefined || !/^[\x21-\x7e]+$/.test(text)) throw new DerError('a name is not readable');
    (tag === 0x86 ? uris : dnsNames).push(text);
  }
  return { uris, dnsNames };
}

function readConstraints(value: Uint8Array | undefined): { isCa: boolean; pathLength: number | undefined } {
  if (value === undefined) return { isCa: false, pathLength: undefined };
  const all = enterDer(value, TAG.sequence);
  const isCa = all.optional(TAG.boolean)?.content[0] === 0xff;
  const length = all.optional(TAG.integer)?.content;
  all.end();
  if (length !== undefined && (length.length !== 1 || (length[0] ?? 0) > 0x7f))
    throw new DerError('path length not readable');
  return { isCa, pathLength: length?.[0] };
}

/** keyCertSign is bit 5 (section 4.2.1.3). */
function readMaySign(value: Uint8Array | undefined): boolean {
  if (value === undefined) return true;
  const whole = enterAll(value, TAG.bitString);
  return ((whole[1] ?? 0) & 0x04) !== 0;
}

function readOwnKeyId(value: Uint8Array | undefined): string | undefined {
  return value && toHex(enterAll(value, TAG.octetString));
}

function readIssuerKeyId(value: Uint8Array | undefined): string | undefined {
  const id = value && enterDer(value, TAG.sequence).optional(0x80)?.content;
  return id && toHex(id);
}

/** Content of the one element that is the whole input. */
function enterAll(der: Uint8Array, tag: number): Uint8Array {
  const all = new DerReader(der);
  const { content } = all.next(tag);
  all.end();
  return content;
}
