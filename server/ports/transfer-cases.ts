/** Somebody claims a device that is bound to another organisation. Support decides; the claimant learns nothing of the owner. */
export interface TransferCase {
  readonly id: string;
  readonly record: string;
  readonly claimant: string;
  readonly binding: string;
  readonly openedAt: string;
}

export interface TransferCases {
  openCase(transfer: TransferCase): Promise<void>;
  openCases(): Promise<TransferCase[]>;
}
