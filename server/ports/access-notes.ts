import type { OrgName } from './issuer-name.ts';

/** Somebody came in, went, or was refused. It holds nothing that was sent, and no address. */
export interface AccessFact {
  readonly event: 'signed in' | 'signed out' | 'sign-in refused' | 'call refused' | 'attempts locked';
  /** The person, or where a call came from that nobody has signed in for. */
  readonly actor: string;
  readonly org: OrgName | null;
  /** What it was about: a person, or the code of the refusal. */
  readonly subject: string;
}

/** Puts access on the audit trail, so bounded that nobody can flood it. */
export interface AccessNotes {
  /** The first of its kind in a minute is on the trail when the promise resolves; others of that minute are counted. */
  note(fact: AccessFact): Promise<void>;
  /** Writes what was counted in minutes that are over; at the end of a process, in this one too. */
  settle(isEnd?: boolean): Promise<void>;
}
