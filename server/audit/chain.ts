import { sha256Hex } from '../crypto/node-crypto.ts';
import type { AuditEntry, AuditLog } from '../ports/audit-log.ts';
import type { Step } from './steps.ts';

/** What happened, in names and digests. Never a secret, a token or a label's text. */
export interface AuditEvent {
  readonly at: string;
  readonly step: Step;
  readonly event: string;
  readonly actor: string;
  readonly org: string | null;
  readonly subject: string;
  readonly detail?: string;
}

/** `prev` of the first entry. */
const START = '0'.repeat(64);

/**
 * Appends to the trail. Call it with the stores of the transaction that does the deed, so that both or neither stand and
 * one writer at a time extends the chain.
 */
export async function audit(log: AuditLog, event: AuditEvent): Promise<void> {
  const last = await log.last();
  const entry = {
    n: (last?.n ?? 0) + 1,
    at: event.at,
    step: event.step,
    event: storable(event.event),
    actor: storable(event.actor),
    org: event.org,
    subject: storable(event.subject),
    detail: storable(event.detail ?? ''),
    prev: last?.hash ?? START,
  };
  await log.write({ ...entry, hash: hashOf(entry) });
}

/** As every database gives it back: half a surrogate pair has no UTF-8, and PostgreSQL's text holds no NUL. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** SHA-256, hex, over the entry's values in a fixed order, each set off by JSON's own quoting. */
function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  const { n, at, step, event, actor, org, subject, detail, prev } = entry;
  return sha256Hex(JSON.stringify([prev, n, at, step, event, actor, org, subject, detail]));
}

export type AuditVerdict =
  | { readonly ok: true; readonly entries: number; readonly head: string }
  | { readonly ok: false; readonly at: number; readonly why: string };

/**
 * Walks the whole trail. It finds what was changed, taken out or put in between; that the end was cut off shows only
 * against a head written down elsewhere, which is why the head is given.
 */
export async function verifyAudit(log: AuditLog): Promise<AuditVerdict> {
  let n = 0;
  let prev = START;
  for (;;) {
    const page = await log.after(n, 1000);
    if (page.length === 0) return { ok: true, entries: n, head: prev };
    for (const entry of page) {
      if (entry.n !== n + 1) return { ok: false, at: n + 1, why: 'an entry is missing' };
      if (entry.prev !== prev)
        return { ok: false, at: entry.n, why: 'it does not follow the entry before it' };
      if (hashOf(entry) !== entry.hash) return { ok: false, at: entry.n, why: 'it was changed' };
      n = entry.n;
      prev = entry.hash;
    }
  }
}
