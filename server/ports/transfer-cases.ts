/** Somebody claims a device that is bound to another organisation. Support decides; the claimant learns nothing of the owner. */
export interface TransferCase {
  readonly id: string;
  readonly record: string;
  readonly claimant: string;
  readonly binding: string;
  readonly openedAt: string;
}

/** The first of four eyes: somebody offered to give the device of this binding up. */
export interface GiveUp {
  readonly binding: string;
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
  openOf(org: string, limit: number): Promise<TransferCase[]>;
  /** An open one. */
  open(id: string): Promise<TransferCase | undefined>;
  offered(binding: string): Promise<GiveUp | undefined>;
  offer(giveUp: GiveUp): Promise<void>;
  withdrawOffer(binding: string): Promise<void>;
  decide(id: string, verdict: TransferVerdict, by: string, at: string): Promise<void>;
}
