import type { EventKind, StoredEvent } from './events.ts';
import type { OrgName } from './issuer-name.ts';

/** A receiver of an organisation's events. Contains no secret: secrets are in files (docs/operations.md). */
export interface Receiver {
  readonly name: string;
  readonly org: OrgName;
  readonly kind: 'webhook' | 'mqtt';
  /** Its address. */
  readonly target: string;
  /** Prefix of its MQTT topics. */
  readonly topic: string | null;
  readonly kinds: readonly EventKind[];
  readonly madeAt: string;
  readonly madeBy: string;
}

/** How far a receiver has come, and its last fault. */
export interface ReceiverProgress {
  /** Number of the last event that was delivered to it or skipped for it. */
  readonly told: number;
  readonly tries: number;
  /** How often in a row it refused the next event for good. */
  readonly notTaken: number;
  /** No delivery is tried before then. */
  readonly nextAt: string;
  readonly failingSince: string | null;
  readonly fault: string | null;
  /** Delivery has stopped, until a person starts it again. */
  readonly deadAt: string | null;
}

export type ReceiverState = Receiver & ReceiverProgress;

/** The receivers of organisations' events, and how far each has come. */
export interface Receivers {
  /** False if the name is taken. Earlier events are not delivered. */
  add(receiver: Receiver): Promise<boolean>;
  /** False if the receiver does not exist. */
  remove(name: string): Promise<boolean>;
  receivers(): Promise<ReceiverState[]>;
  receiver(name: string): Promise<ReceiverState | undefined>;
  progress(name: string, progress: ReceiverProgress): Promise<void>;
  /** Records that the receiver will never take this event. */
  refuse(name: string, event: StoredEvent, why: string, at: string): Promise<void>;
  refusals(name: string): Promise<number>;
}
