import type { Receiver } from './receivers.ts';

/**
 * Why a receiver did not take an event. `not_taken`: it read the event and will never take it. Every other fault may
 * be mended at the receiver or on the way: `address_refused` (a private address, see docs/operations.md),
 * `not_reached`, `not_trusted` (its certificate), `timed_out`, `redirected` (never followed), `not_authorized`,
 * `not_there`, `busy`, `failed`.
 */
export const DELIVERY_FAULTS = [
  'address_refused',
  'not_reached',
  'not_trusted',
  'timed_out',
  'redirected',
  'not_authorized',
  'not_there',
  'not_taken',
  'busy',
  'failed',
] as const;
export type DeliveryFault = (typeof DELIVERY_FAULTS)[number];

export type DeliveryResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly fault: DeliveryFault;
      /** The delay that the receiver asked for (Retry-After), milliseconds. */
      readonly retryAfter?: number | undefined;
    };

/** Delivers one signed event to one receiver. Never throws because of what a receiver does. */
export interface Deliveries {
  deliver(
    receiver: Receiver,
    event: { readonly kind: string; readonly jws: string },
  ): Promise<DeliveryResult>;
  /** Closes open connections to this receiver. */
  leave(receiver: Receiver): Promise<void>;
}
