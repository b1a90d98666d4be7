import { equalBytes, toHex } from './bytes.ts';
import {
  type Certificate,
  readExtension,
  readSerial,
  readSigned,
  readTime,
  type SignedStructure,
} from './certificate.ts';
import { DerError, DerReader, TAG } from './der.ts';

/** A revocation list (RFC 5280 section 5.1), read but not yet believed. */
export interface RevocationList extends SignedStructure {
  /** Name, DER. */
  readonly issuer: Uint8Array;
  readonly issuerKeyId: string | undefined;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serial number (as in Certificate) → whether it is on hold only, and its CRLReason, if the list gives one. */
  readonly entries: ReadonlyMap<string, CrlEntry>;
}

export interface CrlEntry {
  readonly onHold: boolean;
  readonly reason: number | undefined;
}

/** About 400,000 revoked certificates: more than a list should ever hold. */
const MAX_LENGTH = 0xff_ff_ff;
const AUTHORITY_KEY = '2.5.29.35';
const CRL_NUMBER = '2.5.29.20';
const REASON = '2.5.29.21';
const HOLD = 6;

/**
 * Throws DerError; also for a list that is not complete for its issuer (delta lists and partitions say so in critical
 * extensions), since a serial that is missing there would mean nothing.
 */
export function parseCrl(der: Uint8Array): RevocationList {
  if (der.length > MAX_LENGTH) throw new DerError('larger than the bound');
  const whole = new DerReader(der);
  const outer = whole.enter(TAG.sequence);
  whole.end();
  const tbs = outer.next(TAG.sequence);
  const body = new DerReader(tbs.content);
  // Left out where nothing asks for version 2 (section 5.1.2.1); some programs still write such lists.
  const version = body.optional(TAG.integer)?.content;
  if (version !== undefined && (version.length !== 1 || version[0] !== 1))
    throw new DerError('version 2 was expected');
  const inner = body.next(TAG.sequence).whole;
  const issuer = body.next(TAG.sequence).whole;
  const thisUpdate = readTime(body);
  // Without an end nobody could tell that a list is old; section 5.1.2.5 asks for it.
  const nextUpdate = readTime(body);
  const entries = new Map<string, CrlEntry>();
  const listed = body.peek() === TAG.sequence ? body.enter(TAG.sequence) : undefined;
  while (listed !== undefined && !listed.done) {
    const entry = listed.enter(TAG.sequence);
    const serial = readSerial(entry);
    readTime(entry);
    const reason = readReason(entry);
    entries.set(serial, { onHold: reason === HOLD, reason });
    entry.end();
  }
  const extensions = body.peek() === 0xa0 ? body.enter(0xa0).enter(TAG.sequence) : undefined;
  body.end();
  let issuerKeyId: string | undefined;
  while (extensions !== undefined && !extensions.done) {
    const { id, critical, value } = readExtension(extensions);
    if (id === AUTHORITY_KEY) {
      const key = new DerReader(value).enter(TAG.sequence).optional(0x80)?.content;
      issuerKeyId = key && toHex(key);
    } else if (critical && id !== CRL_NUMBER) throw new DerError('not a complete list of its issuer');
  }
  return { ...readSigned(outer, tbs.whole, inner), issuer, issuerKeyId, thisUpdate, nextUpdate, entries };
}

function readReason(entry: DerReader): number | undefined {
  if (entry.done) return undefined;
  const extensions = entry.enter(TAG.sequence);
  let reason: number | undefined;
  while (!extensions.done) {
    const { id, critical, value } = readExtension(extensions);
    if (id === REASON) reason = new DerReader(value).next(0x0a).content[0];
    else if (critical) throw new DerError('an entry says more than is read');
  }
  return reason;
}

/** Whether the list names this CA as its issuer: by name, and by key where both say one (a CA keeps its name with a new key). */
export function isListOf(list: Pick<RevocationList, 'issuer' | 'issuerKeyId'>, issuer: Certificate): boolean {
  const { issuerKeyId: by } = list;
  const sameKey = by === undefined || issuer.ownKeyId === undefined || by === issuer.ownKeyId;
  return sameKey && equalBytes(list.issuer, issuer.subject);
}
