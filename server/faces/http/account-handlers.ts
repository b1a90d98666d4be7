import type { FastifyReply, FastifyRequest } from 'fastify';
import { browserLabel } from '../../accounts/browser-label.ts';
import { endPhone } from '../../accounts/end-phone.ts';
import { makeInvitation, showInvitation } from '../../accounts/invitations.ts';
import type { JoinFault } from '../../accounts/joining.ts';
import { endAfterCopy, endOwnPasskey, ownPasskeys } from '../../accounts/own-passkeys.ts';
import { ownPhones } from '../../accounts/own-phones.ts';
import type { Entered } from '../../accounts/sign-in.ts';
import { ProblemError } from '../problem.ts';
import { ceremonyBrowser, newCeremonyBrowser, requireSession, setSession } from './access.ts';
import { attempts } from './attempts.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';
import { viewSession } from './session-view.ts';

/** Signing in by passkey, invitations as those see them who accept, and what a person signs in with. */
export function accountHandlers(
  parts: HttpParts,
): Pick<
  Handlers,
  | 'askToSignIn'
  | 'passkeySignIn'
  | 'passkeys'
  | 'endPasskey'
  | 'readInvitation'
  | 'acceptInvitation'
  | 'takeInvitation'
  | 'joinByInvitation'
  | 'anotherDevice'
  | 'ownPhones'
  | 'endOwnPhone'
> {
  const { installation, signIn, passkeys, joining, access } = parts;
  const tried = attempts(parts);
  const labelOf = ({ headers }: FastifyRequest) => browserLabel(headers['user-agent']);
  /** The session that this browser has, if it has one: a token that was known before a sign-in is worth nothing after it. */
  const before = (request: FastifyRequest) => requireSession(request, signIn).catch(() => undefined);
  const enter = (entered: Entered | undefined, reply: FastifyReply) => {
    if (entered === undefined) throw new ProblemError('unauthenticated');
    setSession(reply, entered);
    return viewSession(entered.session, installation.aud);
  };

  const refuse = async (request: FastifyRequest, code: JoinFault) => {
    // Only a token that never was is a guess: whoever holds a used one was given it.
    if (code === 'invitation_unknown' || code === 'passkey_refused')
      await tried.failed(request, 'invitations');
    return new ProblemError(code);
  };

  return {
    askToSignIn: async ({ reply }) => passkeys.askToSignIn(newCeremonyBrowser(reply, installation.crypto)),

    async passkeySignIn({ body, request, reply }) {
      const shown = await passkeys.show(body.response, ceremonyBrowser(request));
      if (!shown.ok) {
        const { operator, isLive, code } = shown;
        // Before anything is refused for other reasons: the passkey has ended, and so must what it began.
        if (code === 'passkey_cloned' && operator !== undefined)
          await endAfterCopy(operator, { ...installation, notifier: parts.notifier });
        // What is right comes in: nobody guesses a signature, and whoever tries must not keep its person out.
        tried.check(request, 'passkeys', operator);
        // Of a passkey that has ended somebody else may know the name: it says nothing of the account.
        if (code !== 'nonce_unknown') await tried.failed(request, 'passkeys', isLive ? operator : undefined);
        const subject = operator ?? 'an unknown passkey';
        await access.note({ event: 'sign-in refused', actor: 'nobody signed in', org: null, subject });
        throw new ProblemError(code);
      }
      return enter(await signIn.begin(shown, labelOf(request), await before(request)), reply);
    },

    passkeys: async ({ session }) => ({ passkeys: await ownPasskeys(session, installation) }),

    async endPasskey({ session, body }) {
      const fault = await endOwnPasskey(body.id, session, installation);
      if (fault !== undefined) throw new ProblemError(fault);
      return {};
    },

    async readInvitation({ body, request }) {
      tried.check(request, 'invitations');
      const shown = await showInvitation(body.token, installation);
      if (typeof shown === 'string') throw await refuse(request, shown);
      return shown;
    },

    async acceptInvitation({ body, request, reply }) {
      tried.check(request, 'invitations');
      const asked = await joining.ask(body, newCeremonyBrowser(reply, installation.crypto));
      if (typeof asked === 'string') throw await refuse(request, asked);
      return asked;
    },

    async takeInvitation({ body, request, reply }) {
      tried.check(request, 'invitations');
      const { token, response } = body;
      const taken = await joining.take(token, response, ceremonyBrowser(request), labelOf(request));
      if (typeof taken === 'string') throw await refuse(request, taken);
      return enter(await signIn.begin(taken, labelOf(request), await before(request)), reply);
    },

    async joinByInvitation({ session, body, request }) {
      tried.check(request, 'invitations');
      const joined = await joining.takeAs(body.token, session);
      if (joined !== 'done') throw await refuse(request, joined);
      // The session goes on, and is of the further organisation too: what one is somewhere is read at each call.
      return viewSession(await requireSession(request, signIn), installation.aud);
    },

    ownPhones: async ({ session }) => ({ phones: await ownPhones(session.operator, installation) }),

    async endOwnPhone({ session: { operator }, params, body }) {
      const phone = { ...params, operator, org: null, by: operator, because: body.because.trim() };
      if (!(await endPhone(phone, { ...installation, notifier: parts.notifier })))
        throw new ProblemError('not_found');
      return {};
    },

    async anotherDevice({ session }) {
      // A passkey that ended after the copy may be back: it makes no further one.
      if (session.unconfirmed) throw new ProblemError('confirmation_needed');
      const { operator, name } = session;
      const made = { kind: 'device', org: null, role: null, operator, name, waits: false } as const;
      return makeInvitation({ ...made, by: operator, madeBy: operator }, installation);
    },
  };
}
