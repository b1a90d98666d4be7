import type { Membership, SignInOptions } from '../../contract/operator.ts';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import type { AccessNotes } from '../ports/access-notes.ts';
import type { Person } from '../ports/people.ts';
import { PROCESS_SKEW } from '../ports/server-clock.ts';
import type { Needs } from '../ports/stores.ts';

/** A signed-in person, as faces see them. */
export interface SignedInPerson {
  readonly operator: string;
  readonly name: string;
  readonly memberships: readonly Membership[];
  readonly expiresAt: string;
  /** SHA-256 of the token, which names the session in the database. */
  readonly hash: string;
  /** The database was put back to a copy, and nobody has confirmed this person since. */
  readonly unconfirmed: boolean;
}

const SESSION = 7 * 24 * 3_600_000;

export interface SignInParts {
  readonly stores: Needs<'people' | 'sessions' | 'eras'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly access: Pick<AccessNotes, 'note'>;
}

export interface SignIn {
  options(): Promise<SignInOptions>;
  /** Signs a demo person in; undefined if there is no such person, or if the person may not sign in. */
  asDemo(operator: string): Promise<{ token: string; session: SignedInPerson } | undefined>;
  /** The person behind a cookie's token; undefined if the session is unknown or has ended. */
  find(token: string): Promise<SignedInPerson | undefined>;
  out(session: SignedInPerson): Promise<void>;
}

export function signIn({ stores, clock, crypto, access }: SignInParts): SignIn {
  const hashOf = (token: string) => crypto.digest(utf8(token));

  async function signedIn(
    operator: string,
    hash: string,
    expiresAt: string,
  ): Promise<SignedInPerson | undefined> {
    const person = await stores.people.person(operator);
    if (person === undefined || person.revokedAt !== null) return undefined;
    const memberships = await stores.people.memberships(operator);
    if (memberships.length === 0) return undefined;
    const unconfirmed = await stores.eras.unconfirmed(operator);
    return { operator, name: person.name, memberships, expiresAt, hash, unconfirmed };
  }

  /** A name that nobody has is not written down: it may be anything, a password too. */
  async function refused(person: Person | undefined): Promise<undefined> {
    const subject = person?.operator ?? 'an unknown name';
    await access.note({ event: 'sign-in refused', actor: 'nobody signed in', org: null, subject });
  }

  return {
    async options() {
      const demo = (await stores.people.people()).flatMap((person) =>
        person.demoRole === null || person.revokedAt !== null
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
      const session = await signedIn(operator, hash, toInstant(now + SESSION));
      if (session === undefined) return refused(person);
      await stores.sessions.create({ hash, operator, expiresAt: session.expiresAt });
      await access.note({ event: 'signed in', actor: operator, org: null, subject: operator });
      return { token, session };
    },
    async find(token) {
      const stored = await stores.sessions.find(await hashOf(token));
      if (stored === undefined) return undefined;
      const left = fromInstant(stored.expiresAt) - clock.now();
      // One that lives longer than any does began by a clock that was ahead.
      if (left <= 0 || left > SESSION + PROCESS_SKEW) return undefined;
      return signedIn(stored.operator, stored.hash, stored.expiresAt);
    },
    async out({ hash, operator }) {
      await stores.sessions.remove(hash);
      await access.note({ event: 'signed out', actor: operator, org: null, subject: operator });
    },
  };
}
