import type { AuditEntry, AuditFacts, AuditHead, AuditLog } from '../ports/audit-log.ts';
import { sha256Hex } from '../x509/node-crypto.ts';
import type { Step } from './steps.ts';

export interface AuditEvent extends Omit<AuditFacts, 'detail'> {
  readonly step: Step;
  readonly detail?: string;
}

/** The writer of entries from before each process had a chain of its own. */
export const FIRST_WRITER = 'first';

/**
 * Appends to the audit trail. It must be called with the stores of the transaction that makes the change, so that
 * both are durable or neither.
 */
export function audit(log: Pick<AuditLog, 'append'>, event: AuditEvent): Promise<void> {
  const { at, step, actor, org, subject, detail = '' } = event;
  return log.append({
    at,
    step,
    event: storable(event.event),
    actor: storable(actor),
    org,
    subject: storable(subject),
    detail: storable(detail),
  });
}

/**
 * Normalises text so that every database returns the same: an unpaired surrogate has no UTF-8, and PostgreSQL's text
 * cannot contain NUL.
 */
function storable(text: string): string {
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** The predecessor of a chain's first entry. It names the writer, so that no chain can pass for another's. */
export function chainStart(writer: string): AuditHead {
  return {
    writer,
    n: 0,
    hash: writer === FIRST_WRITER ? '0'.repeat(64) : sha256Hex(`audit chain of ${writer}`),
  };
}

/** The entry that follows `head`. `salt`: '' for entries as older versions wrote them. */
export function nextEntry({ writer, n, hash }: AuditHead, facts: AuditFacts, salt = ''): AuditEntry {
  const entry = { ...facts, salt, writer, n: n + 1, prev: hash };
  return { ...entry, hash: entryHash(entry) };
}

/**
 * SHA-256, hex, over the place and the digest of the facts, so that an extract can leave the facts out and still show the
 * chain. Entries of older versions have no salt, and the facts themselves in their place.
 */
export function entryHash(entry: Omit<AuditEntry, 'hash'>): string {
  const { n, at, step, event, actor, org, subject, detail, prev, salt } = entry;
  return salt === ''
    ? sha256Hex(JSON.stringify([prev, n, at, step, event, actor, org, subject, detail]))
    : hashAt(prev, n, factsDigest(entry));
}

export function hashAt(prev: string, n: number, facts: string): string {
  return sha256Hex(JSON.stringify([prev, n, facts]));
}

/**
 * SHA-256, hex, over the salt and the facts in a fixed order; JSON's quoting separates them. The salt keeps whoever sees the
 * digest from trying what the facts may be.
 */
export function factsDigest(entry: AuditFacts & Pick<AuditEntry, 'salt'>): string {
  const { salt, at, step, event, actor, org, subject, detail } = entry;
  return sha256Hex(JSON.stringify([salt, at, step, event, actor, org, subject, detail]));
}
