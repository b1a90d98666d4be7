import type { SignInOptions } from '../../contract/operator.ts';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import type { AccessNotes } from '../ports/access-notes.ts';
import type { Person } from '../ports/people.ts';
import { PROCESS_SKEW } from '../ports/server-clock.ts';
import type { KnownSession } from '../ports/sessions.ts';
import type { SignedInPerson } from '../ports/signed-in-person.ts';
import type { Needs, Transact } from '../ports/stores.ts';

const DAY = 24 * 3_600_000;
/** A session that nobody uses for so long ends: a phone is away for weeks, and a sign-in must not be what stops it. */
const UNUSED = 30 * DAY;
/** However much it is used, it ends after so long. */
const LONGEST = 90 * DAY;
/** Its use is noted no more often than this, since each note is a write. */
const NOTED = 10 * 60_000;
/** What asks for a fresh sign-in takes one of the last minutes: long enough to decide what waits, too short for who finds a phone. */
const FRESH = 10 * 60_000;

/** How long a session lived, from its beginning, before its beginning was kept; such a one ends as it was promised. */
const BEFORE = 7 * DAY;

/** When a session began. */
export function begunOf({ begunAt, expiresAt }: KnownSession): string {
  return begunAt ?? toInstant(fromInstant(expiresAt) - BEFORE);
}

/** When a session that began then and is used now ends, if nobody uses it again. */
function endOf(begunAt: string, now: number): string {
  return toInstant(Math.min(now + UNUSED, fromInstant(begunAt) + LONGEST));
}

/** However much a session is used, it ends then. */
export function latestEnd({ begunAt }: Pick<SignedInPerson, 'begunAt'>): string {
  return toInstant(fromInstant(begunAt) + LONGEST);
}

export function hasEnded({ expiresAt }: KnownSession, now: number): boolean {
  return expiresAt <= toInstant(now);
}

/** Whether the person signed in just now; a demo person has nothing to do so again with. */
export function isFresh({ begunAt, isDemo }: SignedInPerson, now: number): boolean {
  return isDemo || Math.abs(now - fromInstant(begunAt)) <= FRESH;
}

export interface SignInParts {
  readonly stores: Needs<'people' | 'sessions' | 'eras' | 'installationAdministrators'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly transact: Transact<'sessions' | 'passkeys'>;
  readonly access: Pick<AccessNotes, 'note'>;
  /** Whether demo people may sign in, and stay so; they may if it is left out. */
  readonly demo?: boolean;
}

export interface Entered {
  readonly token: string;
  readonly session: SignedInPerson;
}

export interface SignIn {
  options(): Promise<SignInOptions>;
  /** Signs a demo person in; undefined if there is no such person, or if the person may not sign in. */
  asDemo(operator: string, label: string): Promise<Entered | undefined>;
  /**
   * Begins a session of whoever has shown a passkey; undefined if the person may not sign in, or if the passkey has ended meanwhile.
   * A session in the same browser ends: its token was known before.
   */
  begin(
    shown: { readonly operator: string; readonly passkey: string },
    label: string,
    before?: SignedInPerson,
  ): Promise<Entered | undefined>;
  /** The person behind a cookie's token; undefined if the session is unknown or has ended. */
  find(token: string): Promise<SignedInPerson | undefined>;
  out(session: SignedInPerson): Promise<void>;
}

export function signIn({
  stores,
  transact,
  clock,
  crypto,
  access,
  demo: takesDemo = true,
}: SignInParts): SignIn {
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
    return {
      ...{ operator, memberships, begunAt, expiresAt, hash, unconfirmed },
      name: person.name,
      isDemo: person.demoRole !== null,
      isInstallationAdministrator: await stores.installationAdministrators.is(operator),
    };
  }

  /** A name that nobody has is not written down: it may be anything, a password too. */
  async function refused(person: Person | undefined): Promise<undefined> {
    const subject = person?.operator ?? 'an unknown name';
    await access.note({ event: 'sign-in refused', actor: 'nobody signed in', org: null, subject });
  }

  async function begin(
    person: Person | undefined,
    label: string,
    passkey: string | null = null,
  ): Promise<Entered | undefined> {
    if (person === undefined) return refused(person);
    const { operator } = person;
    const now = clock.now();
    await stores.sessions.purge(toInstant(now));
    const token = toBase64Url(crypto.random(32));
    const hash = await hashOf(token);
    const session = await signedIn(operator, hash, toInstant(now), endOf(toInstant(now), now));
    if (session === undefined) return refused(person);
    const { begunAt, expiresAt } = session;
    const isBegun = await transact(async (tx) => {
      // Whoever is let in anew ends all passkeys of before: one that was shown a moment earlier must not outlive that.
      if (passkey !== null && (await tx.passkeys.passkey(passkey))?.endedAt !== null) return false;
      await tx.sessions.create({ hash, operator, begunAt, expiresAt, label, passkey });
      return true;
    });
    if (!isBegun) return refused(person);
    await access.note({ event: 'signed in', actor: operator, org: null, subject: operator });
    return { token, session };
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
    async asDemo(operator, label) {
      const person = await stores.people.person(operator);
      if (person === undefined || person.demoRole === null) return refused(person);
      return begin(person, label);
    },
    async begin({ operator, passkey }, label, before) {
      const entered = await begin(await stores.people.person(operator), label, passkey);
      if (entered !== undefined && before !== undefined) await stores.sessions.remove(before.hash);
      return entered;
    },
    async find(token) {
      const stored = await stores.sessions.find(await hashOf(token));
      const now = clock.now();
      if (stored === undefined || hasEnded(stored, now)) return undefined;
      const begunAt = begunOf(stored);
      // It began by a clock that was ahead, so that nobody knows how old it is.
      if (fromInstant(begunAt) - now > PROCESS_SKEW) return undefined;
      const noted = stored.seenAt === null ? 0 : fromInstant(stored.seenAt);
      // Where nothing can be written a session ends sooner, and nothing else.
      const expiresAt = stored.begunAt === null ? stored.expiresAt : endOf(begunAt, now);
      if (Math.abs(now - noted) > NOTED)
        await stores.sessions.touch(stored.hash, toInstant(now), expiresAt).catch(() => undefined);
      return signedIn(stored.operator, stored.hash, begunAt, expiresAt);
    },
    async out({ hash, operator }) {
      await stores.sessions.remove(hash);
      await access.note({ event: 'signed out', actor: operator, org: null, subject: operator });
    },
  };
}
