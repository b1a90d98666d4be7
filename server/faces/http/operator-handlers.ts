import { ProblemError } from '../problem.ts';
import { rateLimit } from '../rate-limit.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

const SIGN_IN_AGAIN = 'A new key is enrolled within an hour after signing in: sign in again';

/** Enrolment of operator keys, and the statement keys. */
export function operatorHandlers({
  installation,
  enrolment,
}: HttpParts): Pick<Handlers, 'enrolChallenge' | 'enrol' | 'statementKeys'> {
  const limit = rateLimit(120, installation.clock.steady);
  return {
    async enrolChallenge({ session }) {
      limit(session.hash);
      return enrolment.challenge(session);
    },
    async enrol({ session, body }) {
      const enrolled = await enrolment.enrol(session, body.proof);
      if (!enrolled.ok) {
        const why = enrolled.code === 'unauthenticated' ? SIGN_IN_AGAIN : undefined;
        throw new ProblemError(enrolled.code, why);
      }
      const { credential, previousKid } = enrolled;
      const answer = { credential, statementKeys: await enrolment.statementKeys() };
      return previousKid === undefined ? answer : { ...answer, previousKid };
    },
    statementKeys: async () => ({ statementKeys: await enrolment.statementKeys() }),
  };
}
