import type { LossReport } from '../../contract/phone.ts';
import type { ReportedHead } from './operator-keys.ts';

/** A phone as its operator key names it, with what it last reported. */
export interface KnownPhone extends ReportedHead {
  readonly operatorName: string;
}

/** A phone's word that it lost its storage, and who was signed in there by then; not known of old ones. */
export interface KeptLoss {
  readonly report: LossReport;
  readonly reporter: string | null;
}

/** What phones say of themselves, and what came of their chains. */
export interface Phones {
  /** Phones of an organisation's people, heard of last first. */
  ofOrg(org: string, limit: number): Promise<KnownPhone[]>;
  /** How many places of a chain up to `head` are taken. */
  placesTaken(kid: string, head: number): Promise<number>;
  /** Numbers taken after `after`, in order. */
  numbersTaken(kid: string, after: number, head: number, limit: number): Promise<number[]>;
  /** Numbers that the phone itself explained. */
  skipped(kid: string): Promise<number[]>;
  /** In the place of what was kept of this key before. */
  keepLoss(loss: KeptLoss & { readonly at: string }): Promise<void>;
  lossOf(kid: string): Promise<KeptLoss | undefined>;
}
