import type { OrgName } from './issuer-name.ts';

/** Somebody claims a device that is bound to another organisation. Support decides; the claimant learns nothing of the owner. */
export interface TransferCase {
  readonly id: string;
  readonly record: string;
  readonly claimant: OrgName;
  readonly binding: string;
  readonly openedAt: string;
}

/** The first of four eyes: somebody offered to give the device of this binding up. */
export interface GiveUp {
  readonly binding: string;
  /** The case it was said in; null if it was said of the device, whoever claims it. */
  readonly transfer: string | null;
  readonly by: string;
  readonly because: string;
  readonly at: string;
}

export type TransferVerdict = 'given_up' | 'refused';

export interface TransferCases {
  openCase(transfer: TransferCase): Promise<void>;
  /** Without a verdict, over bindings that still live: with the binding its cases end. */
  openCases(): Promise<TransferCase[]>;
  /** The same over one organisation's bindings. */
  openOf(org: OrgName, limit: number): Promise<TransferCase[]>;
  /** An open one. */
  open(id: string): Promise<TransferCase | undefined>;
  decide(id: string, verdict: TransferVerdict, by: string, at: string): Promise<void>;
}

/** What owners say before two of them agree. */
export interface Offers {
  /** Those that count in this case, the oldest first: said in it, or of the device. */
  inCase(transfer: Pick<TransferCase, 'id' | 'binding'>): Promise<GiveUp[]>;
  offer(giveUp: GiveUp): Promise<void>;
  /** Ends those that count in this case. Those said in another stay. */
  withdraw(transfer: Pick<TransferCase, 'id' | 'binding'>): Promise<void>;
}
