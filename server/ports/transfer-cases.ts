import type { OrgName } from './issuer-name.ts';

/**
 * A case: one organisation claims a device that is bound to another one. The owning organisation decides; the
 * claimant learns nothing about it.
 */
export interface TransferCase {
  readonly id: string;
  readonly record: string;
  readonly claimant: OrgName;
  readonly binding: string;
  readonly openedAt: string;
}

/** The first of four eyes: a person offered to give up the device of this binding. */
export interface GiveUpOffer {
  readonly binding: string;
  /** The case in which it was offered; null if it was offered to whoever claims the device. */
  readonly transfer: string | null;
  readonly by: string;
  readonly because: string;
  readonly at: string;
}

export type TransferVerdict = 'given_up' | 'refused';

export interface TransferCases {
  /** Each claimant has one open case over a binding, and a bounded number against one owner. Beyond, nothing is opened. */
  openCase(transfer: TransferCase): Promise<void>;
  /** Cases without a verdict over live bindings. A case ends with its binding. */
  openCases(): Promise<TransferCase[]>;
  /** The same, over one organisation's bindings: of more than `limit` some of every claiming person. */
  openOf(org: OrgName, limit: number): Promise<TransferCase[]>;
  /** The case, if it is open. */
  open(id: string): Promise<TransferCase | undefined>;
  decide(id: string, verdict: TransferVerdict, by: string, at: string): Promise<void>;
}

/** Offers to give a device up, before a second person agrees. */
export interface Offers {
  /** The offers that count in this case, the oldest first: those made in it, and those made to whoever claims the device. */
  inCase(transfer: Pick<TransferCase, 'id' | 'binding'>): Promise<GiveUpOffer[]>;
  offer(giveUp: GiveUpOffer): Promise<void>;
  /** Ends the offers that count in this case. Offers made in another case stay. */
  withdraw(transfer: Pick<TransferCase, 'id' | 'binding'>): Promise<void>;
}
