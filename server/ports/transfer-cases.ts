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
  openOf(org: string, limit: number): Promise<TransferCase[]>;
  /** An open one. */
  open(id: string): Promise<TransferCase | undefined>;
  /** Offers that count in this case, the oldest first: those said in it, and those of the device. */
  offers(transfer: Pick<TransferCase, 'id' | 'binding'>): Promise<GiveUp[]>;
  offer(giveUp: GiveUp): Promise<void>;
  /** Ends the offers that count in this case. Those said in another stay. */
  withdrawOffers(transfer: Pick<TransferCase, 'id' | 'binding'>): Promise<void>;
  decide(id: string, verdict: TransferVerdict, by: string, at: string): Promise<void>;
}
