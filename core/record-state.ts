/**
 * Life of a record on the phone. No step deletes the envelope; only a verified receipt leaves `sending`; anything not
 * understood counts as not sent.
 *
 * ```
 * saved ⇄ sending → received → bound → installed
 *            │          ├────→ held → bound | refused
 *            │          ├────→ refused
 *            │          └────→ noted
 *            └→ rejected ─(a person tries again)→ saved
 * ```
 */
export const RECORD_STATES = [
  'saved',
  'sending',
  'received',
  'bound',
  'held',
  'refused',
  'noted',
  'installed',
  'rejected',
] as const;
export type RecordState = (typeof RECORD_STATES)[number];

export type RecordEvent =
  | 'leased'
  /** No receipt that verifies: time-out, error, captive portal, lease run out, anything unknown. */
  | 'not_sent'
  | 'receipt_verified'
  /** The server cannot take this envelope; it said so in a result of its own. */
  | 'rejected'
  | 'bound'
  | 'held'
  | 'refused'
  | 'noted'
  /** A person asked to try a rejected record again; its bytes stay the same. */
  | 'retried'
  /** The confirmation of this registration was saved. */
  | 'installed';

const TABLE: Record<RecordState, Partial<Record<RecordEvent, RecordState>>> = {
  saved: { leased: 'sending' },
  sending: { not_sent: 'saved', receipt_verified: 'received', rejected: 'rejected', leased: 'sending' },
  received: { bound: 'bound', held: 'held', refused: 'refused', noted: 'noted' },
  held: { bound: 'bound', refused: 'refused', held: 'held' },
  bound: { installed: 'installed', refused: 'refused', bound: 'bound' },
  refused: { bound: 'bound', refused: 'refused' },
  noted: { noted: 'noted', refused: 'refused' },
  // Revoked after all: the certificate may still be in the device, but nobody trusts it.
  installed: { bound: 'installed', installed: 'installed', refused: 'refused' },
  rejected: { retried: 'saved' },
};

/** The next state, or undefined if this event means nothing in this state (it is then ignored, never an error). */
export function nextRecordState(state: RecordState, event: RecordEvent): RecordState | undefined {
  return TABLE[state][event];
}

/** Whether the backend still owes a receipt for it. */
export function isUnsent(state: RecordState): boolean {
  return state === 'saved' || state === 'sending';
}

/** Whether a certificate is here that its device still has to be given. Some firmware takes none from us. */
export function certificateWaits(record: {
  readonly state: RecordState;
  readonly certificate: object | null;
  readonly takesCertificate?: boolean;
}): boolean {
  return record.state === 'bound' && record.certificate !== null && record.takesCertificate !== false;
}
