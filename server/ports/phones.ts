import type { LossReport } from '../../contract/phone.ts';
import type { OrgName } from './issuer-name.ts';
import type { ReportedHead } from './operator-keys.ts';

/** A phone, named by its operator key, with what it last reported. */
export interface KnownPhone extends ReportedHead {
  readonly operatorName: string;
}

/** A phone's report that it lost its storage, and the person who was signed in then; null in old reports. */
export interface StoredLoss {
  readonly report: LossReport;
  readonly reporter: string | null;
}

/** What phones report about themselves, and which places of their chains are taken. */
export interface Phones {
  /** Phones of an organisation's people, most recently heard of first. */
  ofOrg(org: OrgName, limit: number): Promise<KnownPhone[]>;
  /** How many places of a chain up to `head` are taken. */
  placesTaken(kid: string, head: number): Promise<number>;
  /** Numbers taken after `after`, in order. */
  numbersTaken(kid: string, after: number, head: number, limit: number): Promise<number[]>;
  /** Numbers that the phone itself explained by a skip. */
  skipped(kid: string): Promise<number[]>;
  /** Replaces what was stored for this key before. */
  keepLoss(loss: StoredLoss & { readonly at: string }): Promise<void>;
  lossOf(kid: string): Promise<StoredLoss | undefined>;
}
