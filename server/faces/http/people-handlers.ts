import { endPhone } from '../../accounts/end-phone.ts';
import { needsTwo } from '../../accounts/four-eyes.ts';
import { approveInvitation, makeInvitation, withdrawInvitation } from '../../accounts/invitations.ts';
import { peopleOfOrg } from '../../accounts/people-of-org.ts';
import { join, leave } from '../../organisations/membership.ts';
import { ProblemError } from '../problem.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

/** An organisation's people, by its administrators. */
export function peopleHandlers({
  installation,
  notifier,
}: HttpParts): Pick<
  Handlers,
  'people' | 'invite' | 'withdrawInvitation' | 'approveInvitation' | 'changeRole' | 'endPhone'
> {
  const { stores } = installation;
  return {
    people: ({ query }) => peopleOfOrg(query.org, installation),

    async invite({ session, query: { org }, body }) {
      const mail = body.email === undefined ? undefined : { to: body.email, notifier };
      const made = { org, by: session.operator, madeBy: session.operator, mail };
      if (body.operator === undefined) {
        if (body.role === undefined) throw new ProblemError('request_invalid');
        const name = body.name.trim();
        return makeInvitation(
          { ...made, kind: 'join', role: body.role, operator: null, name, waits: false },
          installation,
        );
      }
      const memberships = await stores.people.memberships(body.operator);
      const here = memberships.find((one) => one.org === org);
      const person = await stores.people.person(body.operator);
      if (here === undefined || person === undefined || person.revokedAt !== null)
        throw new ProblemError('not_found');
      if (body.operator === session.operator) throw new ProblemError('own_request');
      // Their passkeys open the other organisations too, over which nobody here has a word.
      if (await stores.installationAdministrators.is(body.operator))
        throw new ProblemError('installation_administrator');
      if (memberships.length > 1) throw new ProblemError('several_organisations');
      const waits = await needsTwo(body.operator, installation.clock.now(), stores);
      return makeInvitation(
        { ...made, kind: 'recovery', role: here.role, operator: body.operator, name: person.name, waits },
        installation,
      );
    },

    async withdrawInvitation({ session, params: { id }, query: { org } }) {
      if (!(await withdrawInvitation(id, { org, by: session.operator }, installation)))
        throw new ProblemError('not_found');
      return {};
    },

    async approveInvitation({ session, params: { id }, query: { org } }) {
      const result = await approveInvitation(id, { org, by: session.operator }, installation);
      if (result !== 'done') throw new ProblemError(result);
      return {};
    },

    async changeRole({ session, params: { operator }, query: { org }, body: { role, because } }) {
      const member = { operator, org, by: session.operator, because: because.trim() };
      const memberships = await stores.people.memberships(operator);
      // By the browser only who is one of them already: others are invited.
      if (memberships.every((one) => one.org !== org)) throw new ProblemError('not_found');
      const result =
        role === undefined
          ? await leave(member, installation)
          : await join({ ...member, role }, installation);
      if (result === 'last_administrator' || result === 'installation_administrator')
        throw new ProblemError(result);
      if (result !== 'done') throw new ProblemError('not_found');
      return {};
    },

    async endPhone({ session, params, query: { org }, body }) {
      const phone = { ...params, org, by: session.operator, because: body.because.trim() };
      if (!(await endPhone(phone, { ...installation, notifier }))) throw new ProblemError('not_found');
      return {};
    },
  };
}
