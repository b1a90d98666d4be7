import {
  Boolean as Flag,
  Integer,
  Array as List,
  Object as Obj,
  type Static,
  String as Text,
} from 'typebox/type';
import { Digest, Instant, Maybe, Words } from './scalars.ts';

/** A sign-in of one's own that lasts: on this browser (`own`) or on another one. */
export const OwnSession = Obj({
  /** Names it; nobody can sign in by it. */
  id: Digest,
  begunAt: Instant,
  /** When it was last used, to within ten minutes. */
  seenAt: Instant,
  expiresAt: Instant,
  own: Flag(),
  /** Browser and system; absent in sessions of before it was kept. */
  label: Maybe(Words(120)),
});
export type OwnSession = Static<typeof OwnSession>;
export const MOST_SESSIONS = 200;
export const OwnSessions = Obj({ sessions: List(OwnSession, { maxItems: MOST_SESSIONS }) });
export type OwnSessions = Static<typeof OwnSessions>;

/** An administrator ends all of a person's sessions. The reason goes on the audit trail, so blanks are none. */
export const SessionsEnd = Obj(
  { because: Text({ minLength: 1, maxLength: 300, pattern: '\\S' }) },
  { additionalProperties: false },
);
export const SessionsEnded = Obj({ ended: Integer({ minimum: 0 }) });
