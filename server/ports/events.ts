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

/** A receiver of an organisation's events. No secret stands here: those are files (docs/operations.md). */
export interface EventSink {
  readonly name: string;
  readonly org: string;
  readonly kind: 'webhook' | 'mqtt';
  /** Its address. */
  readonly target: string;
  /** What MQTT topics begin with. */
  readonly topic: string | null;
  readonly kinds: readonly EventKind[];
  readonly madeAt: string;
  readonly madeBy: string;
}

/** How far a receiver has come, and what hinders it. */
export interface SinkProgress {
  /** Number of the last event that it has, or that it was not to have. */
  readonly told: number;
  readonly tries: number;
  /** How often in a row it said that it cannot take the next event. */
  readonly notTaken: number;
  /** Not before then. */
  readonly nextAt: string;
  readonly failingSince: string | null;
  readonly fault: string | null;
  /** Given up on, until a person says otherwise. */
  readonly deadAt: string | null;
}

export type SinkState = EventSink & SinkProgress;

export interface Events {
  /** Kept in the transaction at hand if the organisation has a receiver, and forgotten if not. */
  append(org: string, events: readonly DeviceEvent[]): Promise<void>;
  /** False if the name is taken. What happened before is not told. */
  addSink(sink: EventSink): Promise<boolean>;
  /** False if there is none. */
  removeSink(name: string): Promise<boolean>;
  sinks(): Promise<SinkState[]>;
  sink(name: string): Promise<SinkState | undefined>;
  after(org: string, n: number, limit: number): Promise<StoredEvent[]>;
  /** How many there are after this one, up to `most`. */
  waiting(org: string, n: number, most: number): Promise<number>;
  progress(name: string, progress: SinkProgress): Promise<void>;
  /** The receiver will never take this one. */
  refuse(sink: string, event: StoredEvent, why: string, at: string): Promise<void>;
  refusals(sink: string): Promise<number>;
  /** Forgets what every receiver of its organisation has, from before then. */
  forget(before: string): Promise<void>;
  /** Live bindings of an organisation, by id, whose newest certificate for the bound key ends before then and was not told of. */
  dueUntold(
    org: string,
    before: string,
    limit: number,
  ): Promise<
    {
      readonly serial: string;
      readonly fingerprint: string;
      readonly notAfter: string;
      readonly maker: string;
      readonly udid: string;
      readonly domain: string;
    }[]
  >;
  /** False if it was told before. */
  noteDue(serial: string, at: string): Promise<boolean>;
}
