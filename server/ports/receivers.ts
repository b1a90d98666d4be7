import type { EventKind, StoredEvent } from './events.ts';

/** A receiver of an organisation's events. No secret stands here: those are files (docs/operations.md). */
export interface Receiver {
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
export interface ReceiverProgress {
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

export type ReceiverState = Receiver & ReceiverProgress;

/** Those who are told an organisation's events, and how far each has come. */
export interface Receivers {
  /** False if the name is taken. What happened before is not told. */
  add(receiver: Receiver): Promise<boolean>;
  /** False if there is none. */
  remove(name: string): Promise<boolean>;
  receivers(): Promise<ReceiverState[]>;
  receiver(name: string): Promise<ReceiverState | undefined>;
  progress(name: string, progress: ReceiverProgress): Promise<void>;
  /** The receiver will never take this event. */
  refuse(name: string, event: StoredEvent, why: string, at: string): Promise<void>;
  refusals(name: string): Promise<number>;
}
