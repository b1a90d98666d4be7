/**
 * Life of a record on the phone. No step deletes the envelope; only a verified receipt leaves `sending`; anything not
 * understood counts as not sent.
 *
 * ```
 * saved ⇄ sending → received → bound → installed
 *            │          ├────→ held → bound | refused | noted
 *            │          ├────→ refused
 *            │          └────→ noted
 *            └→ rejected ─(tried again)→ saved
 * ```
 *
 * A backend that was put back to an older copy decides anew: whatever it had decided may be held again. The records that it
 * lost are sent again as they are, without a step of this table; only its signed rejection then takes one.
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
  /** A rejected record is tried again, its bytes the same: a person asked, or the reason is one that passes. */
  | 'retried'
  /** Sent again after the backend had lost it, it is not taken any more, by a receipt that verifies. */
  | 'rejected_again'
  /** The confirmation of this registration was saved. */
  | 'installed';

const TABLE: Record<RecordState, Partial<Record<RecordEvent, RecordState>>> = {
  saved: { leased: 'sending' },
  sending: { not_sent: 'saved', receipt_verified: 'received', rejected: 'rejected', leased: 'sending' },
  received: {
    bound: 'bound',
    held: 'held',
    refused: 'refused',
    noted: 'noted',
    rejected_again: 'rejected',
  },
  held: { bound: 'bound', refused: 'refused', held: 'held', noted: 'noted', rejected_again: 'rejected' },
  bound: {
    installed: 'installed',
    refused: 'refused',
    bound: 'bound',
    held: 'held',
    rejected_again: 'rejected',
  },
  refused: { bound: 'bound', refused: 'refused', held: 'held', noted: 'noted', rejected_again: 'rejected' },
  noted: { noted: 'noted', refused: 'refused', held: 'held', rejected_again: 'rejected' },
  // Revoked after all: the certificate may still be in the device, but nobody trusts it.
  installed: {
    bound: 'installed',
    installed: 'installed',
    refused: 'refused',
    held: 'held',
    rejected_again: 'rejected',
  },
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
