import type { OutcomeCode } from '../../contract/codes.ts';
import type { DeviceEvent } from './events.ts';
import type { OrgName } from './issuer-name.ts';
import type { Outcome } from './records.ts';

export interface StoredChange {
  readonly record: string;
  readonly outcome: Outcome;
  readonly code: OutcomeCode | null;
  readonly detail: string | null;
  readonly at: string;
  /** The person who decided; null where the rules did. Absent in changes from before it stood here. */
  readonly by?: string | null;
  readonly maker: string | null;
  readonly udid: string | null;
  readonly domain: string | null;
  readonly unproven: boolean | null;
  /** Fingerprint of the certificate that goes with it. */
  readonly fingerprint: string | null;
}

/** Each organisation's stream of outcomes, numbered from 1 without gaps in the order of commit. */
export interface ChangeStream {
  /**
   * `wasBound`: the record was answered with a binding until now, so that binding has ended. Receivers are told too
   * (events.ts): of `instead`, where the device is bound all the same.
   */
  append(org: OrgName, change: StoredChange, wasBound?: boolean, instead?: DeviceEvent): Promise<void>;
  /** Tells receivers about something that happened to a device apart from decisions. Phones are not told. */
  tell(org: OrgName, event: DeviceEvent): Promise<void>;
  /** The last change of a record. */
  lastOf(org: OrgName, record: string): Promise<StoredChange | undefined>;
  after(org: OrgName, n: number, limit: number): Promise<{ n: number; change: StoredChange }[]>;
}
