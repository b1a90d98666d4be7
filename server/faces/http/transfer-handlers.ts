import { decideTransfer } from '../../authority/ra/custody/decide-transfer.ts';
import { transferStates } from '../../authority/ra/custody/transfer-states.ts';
import { ProblemError } from '../problem.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

/** Transfer cases over an organisation's devices, and its people's decisions. */
export function transferHandlers({
  installation,
  decider,
}: HttpParts): Pick<Handlers, 'transfers' | 'decideTransfer'> {
  const { stores } = installation;
  return {
    transfers: async ({ query }) => ({ transfers: await transferStates(query.org, stores) }),

    async decideTransfer({ session, params: { id }, query: { org }, body }) {
      const word = { by: session.operator, because: body.because.trim() };
      const request = { ...word, id, org, decision: body.decision };
      const result = await decideTransfer(request, { ...installation, decider });
      switch (result) {
        case 'not_found':
          throw new ProblemError('not_found');
        case 'own_record':
          throw new ProblemError('forbidden', 'Four eyes: somebody else must decide a claim of your own');
        case 'sign_in_needed':
          throw new ProblemError(
            'forbidden',
            'Two eyes are two sign-ins: a signed-in person must say the same',
          );
        case 'suspended':
          throw new ProblemError('conflict', 'It was reported lost: it stays, until somebody resumes it');
        case 'not_ready':
          throw new ProblemError('conflict', 'Its certificate is still being issued');
        case 'given_up':
        case 'offered':
        case 'refused':
          return { id, result };
      }
    },
  };
}
