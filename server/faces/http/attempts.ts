import type { FastifyRequest } from 'fastify';
import type { Guesses } from '../../accounts/guesses.ts';
import type { AccessNotes } from '../../ports/access-notes.ts';
import { ProblemError } from '../problem.ts';
import { addressName } from '../rate-limit.ts';
import { whereFrom } from '../refused-calls.ts';

/** Attempts to come in, of one address and of one account. */
export interface Attempts {
  /** Throws `guessing_locked` where too many failed. */
  check(request: FastifyRequest, operator?: string): void;
  /** Counts one that failed, and puts on the trail that no more are taken. */
  failed(request: FastifyRequest, operator?: string): Promise<void>;
}

export function attempts(guesses: Guesses, access: Pick<AccessNotes, 'note'>): Attempts {
  const addressOf = ({ ip }: FastifyRequest) => `address ${addressName(ip)}`;
  const accountOf = (operator: string) => `account ${operator}`;
  return {
    check(request, operator) {
      const name = operator === undefined ? addressOf(request) : accountOf(operator);
      const seconds = guesses.lockedFor(name);
      if (seconds !== undefined) throw new ProblemError('guessing_locked', undefined, seconds);
    },
    async failed(request, operator) {
      const locked = [
        guesses.failed('address', addressOf(request)) && 'an address',
        operator !== undefined && guesses.failed('account', accountOf(operator)) && operator,
      ];
      const actor = `nobody signed in, ${whereFrom(request.ip)}`;
      for (const subject of locked)
        if (subject !== false) await access.note({ event: 'attempts locked', actor, org: null, subject });
    },
  };
}
