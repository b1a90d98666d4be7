import type { OutcomeCode } from '../../contract/codes.ts';
import type { OrgName } from './issuer-name.ts';

/** The kinds of event that receivers may be told about. docs/operations.md lists them too. */
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
  'moved',
  'due',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** One thing that happened to a device of an organisation. Contains nothing about another organisation or a person. */
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
  /** Fingerprint of the certificate that goes with the event. */
  readonly fingerprint?: string | null;
  readonly notAfter?: string;
  /** The certificate is for another key than the device had before. */
  readonly rekeyed?: boolean;
  /** Reason of a suspension. */
  readonly reason?: string;
}

export interface StoredEvent {
  readonly n: number;
  /** Lets a receiver recognise a repetition, since delivery is at-least-once. */
  readonly id: string;
  readonly event: DeviceEvent;
}

export interface Events {
  /** Stores the events in the surrounding transaction if the organisation has a receiver; otherwise does nothing. */
  append(org: OrgName, events: readonly DeviceEvent[]): Promise<void>;
  after(org: OrgName, n: number, limit: number): Promise<StoredEvent[]>;
  /** How many events follow this one, counted up to `most`. */
  waiting(org: OrgName, n: number, most: number): Promise<number>;
  /** Removes events older than this instant that every receiver of their organisation has. */
  forget(before: string): Promise<void>;
}

/** A certificate of a live binding that ends soon. */
export interface DueCertificate {
  readonly serial: string;
  readonly fingerprint: string;
  readonly notAfter: string;
  readonly maker: string;
  readonly udid: string;
  readonly domain: string;
}

/** Records which ending certificates receivers were told about. */
export interface DueNotices {
  /** For each live binding the newest certificate for its bound key, if it ends before this instant and nobody was told. */
  untold(org: OrgName, before: string, limit: number): Promise<DueCertificate[]>;
  /** False if it was noted before. */
  note(serial: string, at: string): Promise<boolean>;
}
