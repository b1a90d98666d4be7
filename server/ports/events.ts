import type { OutcomeCode } from '../../contract/codes.ts';

/** What others may be told of. docs/operations.md lists them too. */
export const EVENT_KINDS = [
  'bound',
  'held',
  'refused',
  'revoked',
  'suspended',
  'resumed',
  'transferred',
  'replaced',
  'retired',
  'renewed',
  'due',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** One thing that happened to a device of an organisation; nothing in it is of another one, or of a person. */
export interface DeviceEvent {
  readonly kind: EventKind;
  readonly at: string;
  readonly maker?: string | null;
  readonly udid?: string | null;
  readonly domain?: string | null;
  /** The record that was decided. */
  readonly record?: string;
  readonly code?: OutcomeCode | null;
  readonly unproven?: boolean | null;
  /** Of the certificate that goes with it. */
  readonly fingerprint?: string | null;
  readonly notAfter?: string;
  /** It is for another key than the device had. */
  readonly rekeyed?: boolean;
  /** Of a suspension. */
  readonly reason?: string;
}

export interface StoredEvent {
  readonly n: number;
  /** For telling a repetition from another event: it is told at least once. */
  readonly id: string;
  readonly event: DeviceEvent;
}

export interface Events {
  /** Kept in the transaction at hand if the organisation has a receiver, and forgotten if not. */
  append(org: string, events: readonly DeviceEvent[]): Promise<void>;
  after(org: string, n: number, limit: number): Promise<StoredEvent[]>;
  /** How many there are after this one, up to `most`. */
  waiting(org: string, n: number, most: number): Promise<number>;
  /** Forgets what every receiver of its organisation has, from before then. */
  forget(before: string): Promise<void>;
}

/** A certificate of a live binding that is about to end. */
export interface DueCertificate {
  readonly serial: string;
  readonly fingerprint: string;
  readonly notAfter: string;
  readonly maker: string;
  readonly udid: string;
  readonly domain: string;
}

/** Which certificates' ends others were told of. */
export interface DueNotices {
  /** The newest of a live binding for its bound key, if it ends before then and nobody was told. */
  untold(org: string, before: string, limit: number): Promise<DueCertificate[]>;
  /** False if it was told before. */
  note(serial: string, at: string): Promise<boolean>;
}
