import type { Membership, SignInOptions } from '../../contract/operator.ts';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import type { AccessNotes } from '../ports/access-notes.ts';
import type { Person } from '../ports/people.ts';
import { PROCESS_SKEW } from '../ports/server-clock.ts';
import type { KnownSession } from '../ports/sessions.ts';
import type { Needs } from '../ports/stores.ts';

/** A signed-in person, as faces see them. */
export interface SignedInPerson {
  readonly operator: string;
  readonly name: string;
  readonly memberships: readonly Membership[];
  readonly expiresAt: string;
  /** When this person signed in. */
  readonly begunAt: string;
  /** SHA-256 of the token, which names the session in the database. */
  readonly hash: string;
  /** The database was put back to a copy, and nobody has confirmed this person since. */
  readonly unconfirmed: boolean;
}

const SESSION = 7 * 24 * 3_600_000;
/** A session that nobody uses for so long ends before: longer than a weekend, so that a phone at work needs no sign-in. */
const IDLE = 72 * 3_600_000;
/** Its use is noted no more often than this, since each note is a write. */
const NOTED = 10 * 60_000;

/** When a session began; one that began before this was kept has its end. */
export function begunOf({ begunAt, expiresAt }: KnownSession): string {
  return begunAt ?? toInstant(fromInstant(expiresAt) - SESSION);
}

/** Whether a session has ended, by its age or because nobody used it. */
export function hasEnded(session: KnownSession, now: number): boolean {
  const { seenAt, expiresAt } = session;
  return expiresAt <= toInstant(now) || (seenAt !== null && now - fromInstant(seenAt) > IDLE);
}

export interface SignInParts {
  readonly stores: Needs<'people' | 'sessions' | 'eras'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly access: Pick<AccessNotes, 'note'>;
  /** Whether demo people may sign in, and stay so; they may if it is left out. */
  readonly demo?: boolean;
}

export interface SignIn {
  options(): Promise<SignInOptions>;
  /** Signs a demo person in; undefined if there is no such person, or if the person may not sign in. */
  asDemo(operator: string): Promise<{ token: string; session: SignedInPerson } | undefined>;
  /** The person behind a cookie's token; undefined if the session is unknown or has ended. */
  find(token: string): Promise<SignedInPerson | undefined>;
  out(session: SignedInPerson): Promise<void>;
}

export function signIn({ stores, clock, crypto, access, demo: takesDemo = true }: SignInParts): SignIn {
  const hashOf = (token: string) => crypto.digest(utf8(token));

  async function signedIn(
    operator: string,
    hash: string,
    begunAt: string,
    expiresAt: string,
  ): Promise<SignedInPerson | undefined> {
    const person = await stores.people.person(operator);
    if (person === undefined || person.revokedAt !== null) return undefined;
    // Sessions of before they were switched off are worth nothing.
    if (person.demoRole !== null && !takesDemo) return undefined;
    const memberships = await stores.people.memberships(operator);
    if (memberships.length === 0) return undefined;
    const unconfirmed = await stores.eras.unconfirmed(operator);
    return { operator, name: person.name, memberships, begunAt, expiresAt, hash, unconfirmed };
  }

  /** A name that nobody has is not written down: it may be anything, a password too. */
  async function refused(person: Person | undefined): Promise<undefined> {
    const subject = person?.operator ?? 'an unknown name';
    await access.note({ event: 'sign-in refused', actor: 'nobody signed in', org: null, subject });
  }

  return {
    async options() {
      const demo = (await stores.people.people()).flatMap((person) =>
        person.demoRole === null || person.revokedAt !== null || !takesDemo
          ? []
          : [{ operator: person.operator, name: person.name, role: person.demoRole, about: person.about }],
      );
      return { demo: demo.slice(0, 16) };
    },
    async asDemo(operator) {
      const person = await stores.people.person(operator);
      if (person === undefined || person.demoRole === null) return refused(person);
      const now = clock.now();
      await stores.sessions.purge(toInstant(now));
      const token = toBase64Url(crypto.random(32));
      const hash = await hashOf(token);
      const session = await signedIn(operator, hash, toInstant(now), toInstant(now + SESSION));
      if (session === undefined) return refused(person);
      const { begunAt, expiresAt } = session;
      await stores.sessions.create({ hash, operator, begunAt, expiresAt });
      await access.note({ event: 'signed in', actor: operator, org: null, subject: operator });
      return { token, session };
    },
    async find(token) {
      const stored = await stores.sessions.find(await hashOf(token));
      const now = clock.now();
      if (stored === undefined || hasEnded(stored, now)) return undefined;
      // One that lives longer than any does began by a clock that was ahead.
      if (fromInstant(stored.expiresAt) - now > SESSION + PROCESS_SKEW) return undefined;
      const noted = stored.seenAt === null ? 0 : fromInstant(stored.seenAt);
      // Where nothing can be written a session ends sooner, and nothing else.
      if (Math.abs(now - noted) > NOTED)
        await stores.sessions.touch(stored.hash, toInstant(now)).catch(() => undefined);
      return signedIn(stored.operator, stored.hash, begunOf(stored), stored.expiresAt);
    },
    async out({ hash, operator }) {
      await stores.sessions.remove(hash);
      await access.note({ event: 'signed out', actor: operator, org: null, subject: operator });
    },
  };
}
