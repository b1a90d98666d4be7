import { browserLabel } from '../../accounts/browser-label.ts';
import { CODE_PAUSE } from '../../outside/notices/own-notices.ts';
import { ProblemError } from '../problem.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

/** What whoever is signed in is told of while not looking. */
export function noticeHandlers({ ownNotices }: HttpParts): Pick<Handlers, 'notices' | 'changeNotices'> {
  return {
    notices: ({ session }) => ownNotices.read(session.operator),

    async changeNotices({ session, body, request }) {
      const label = browserLabel(request.headers['user-agent']);
      const fault = await ownNotices.change(session.operator, body, label);
      if (fault === 'rate_limited') throw new ProblemError(fault, undefined, CODE_PAUSE / 1000);
      if (fault !== undefined) throw new ProblemError(fault);
      return ownNotices.read(session.operator);
    },
  };
}
