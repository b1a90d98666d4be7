import type { FastifyRequest } from 'fastify';
import type { Guesses } from '../../accounts/guesses.ts';
import type { AccessNotes } from '../../ports/access-notes.ts';
import type { Notifier } from '../../ports/notifier.ts';
import type { HttpFace } from '../face.ts';
import { ProblemError } from '../problem.ts';
import { addressName } from '../rate-limit.ts';
import { whereFrom } from '../refused-calls.ts';

const HOUR = 3_600_000;

/** What is counted apart: whoever guesses at one must not keep the people of their network from the other. */
export type Tried = 'invitations' | 'passkeys';

/** Attempts to come in, of one address and of one account. */
export interface Attempts {
  /** Throws `guessing_locked` where too many failed, of that address or for that person. */
  check(request: FastifyRequest, what: Tried, operator?: string): void;
  /** Counts one that failed. Where it was one too many, that is put on the trail, and administrators are told. */
  failed(request: FastifyRequest, what: Tried, operator?: string): Promise<void>;
}

export function attempts({
  guesses,
  access,
  notifier,
  installation: { stores, transact, clock },
}: {
  readonly guesses: Guesses;
  readonly access: Pick<AccessNotes, 'note'>;
  readonly notifier: Pick<Notifier, 'alarm'>;
  readonly installation: Pick<HttpFace, 'stores' | 'transact' | 'clock'>;
}): Attempts {
  const addressOf = ({ ip }: FastifyRequest, what: Tried) => `${what} of ${addressName(ip)}`;
  const accountOf = (operator: string) => `account ${operator}`;

  /** Once an hour about one thing: whoever tries on must not fill mailboxes. */
  async function alarm(what: string, operator?: string): Promise<void> {
    const about = `${what}, hour ${Math.floor(clock.now() / HOUR)}`;
    const orgs =
      operator === undefined ? [null] : (await stores.people.memberships(operator)).map(({ org }) => org);
    await transact(async (tx) => {
      for (const org of orgs) await notifier.alarm({ org, about }, tx);
    });
  }

  return {
    check(request, what, operator) {
      const names = [addressOf(request, what), ...(operator === undefined ? [] : [accountOf(operator)])];
      for (const name of names) {
        const seconds = guesses.lockedFor(name);
        if (seconds !== undefined) throw new ProblemError('guessing_locked', undefined, seconds);
      }
    },
    async failed(request, what, operator) {
      const actor = `nobody signed in, ${whereFrom(request.ip)}`;
      const event = 'attempts locked';
      if (guesses.failed('address', addressOf(request, what))) {
        await access.note({ event, actor, org: null, subject: `${what} from an address` });
        await alarm(`${what} from an address`);
      }
      if (operator !== undefined && guesses.failed('account', accountOf(operator))) {
        await access.note({ event, actor, org: null, subject: operator });
        await alarm(`attempts for ${operator}`, operator);
      }
    },
  };
}
