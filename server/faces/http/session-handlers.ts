import { toInstant } from '../../../core/instant.ts';
import { browserLabel } from '../../accounts/browser-label.ts';
import { endOwnSession, endSessionsOf, ownSessions } from '../../accounts/sessions.ts';
import { ProblemError } from '../problem.ts';
import { clearSession, setSession } from './access.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';
import { viewSession } from './session-view.ts';

/** Signing in and out, and the current session. */
export function sessionHandlers({
  installation,
  signIn,
}: HttpParts): Pick<
  Handlers,
  'probe' | 'signInOptions' | 'signIn' | 'signOut' | 'session' | 'sessions' | 'endSession' | 'endSessionsOf'
> {
  const { aud, clock } = installation;
  return {
    probe: async ({ query }) => ({ nonce: query.nonce, at: toInstant(clock.now()) }),
    signInOptions: () => signIn.options(),
    async signIn({ body, request, reply }) {
      const entered = await signIn.asDemo(body.operator, browserLabel(request.headers['user-agent']));
      if (entered === undefined) throw new ProblemError('unauthenticated');
      setSession(reply, entered);
      return viewSession(entered.session, aud);
    },
    async signOut({ session, reply }) {
      await signIn.out(session);
      clearSession(reply);
      return {};
    },
    session: async ({ session }) => viewSession(session, aud),
    sessions: async ({ session }) => ({ sessions: await ownSessions(session, installation) }),
    async endSession({ session, params: { id }, reply }) {
      if (!(await endOwnSession(id, session, installation))) throw new ProblemError('not_found');
      if (id === session.hash) clearSession(reply);
      return {};
    },
    async endSessionsOf({ session, params: { operator }, query: { org }, body }) {
      const wanted = { operator, org, by: session.operator, because: body.because.trim() };
      const ended = await endSessionsOf(wanted, installation);
      if (ended === undefined) throw new ProblemError('not_found');
      return { ended };
    },
  };
}
