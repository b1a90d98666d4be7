import {
  changeInstallationAdministrator,
  installedOrgs,
  inviteAdministrator,
  recoverPerson,
} from '../../accounts/installation-wide.ts';
import { approveInvitation, withdrawInvitation } from '../../accounts/invitations.ts';
import { ProblemError } from '../problem.ts';
import type { HttpParts } from './parts.ts';
import type { Handlers } from './routes.ts';

/** What spans organisations, by installation administrators. */
export function installationHandlers({
  installation,
  makeOrg,
}: HttpParts): Pick<
  Handlers,
  | 'orgs'
  | 'makeOrg'
  | 'inviteAdministrator'
  | 'recoverPerson'
  | 'approveRecovery'
  | 'withdrawRecovery'
  | 'changeInstallationAdministrator'
> {
  return {
    orgs: () => installedOrgs(installation),

    async makeOrg({ session: { operator: by }, body: { name, title, administrator } }) {
      const made = await makeOrg({ name, title: title.trim(), by });
      if (made === 'there') throw new ProblemError('conflict');
      if (made === 'name_not_allowed') throw new ProblemError('request_invalid');
      return orFault(await inviteAdministrator({ org: name, name: administrator.trim(), by }, installation));
    },

    inviteAdministrator: async ({ session: { operator: by }, params, body }) =>
      orFault(await inviteAdministrator({ org: params.name, name: body.name.trim(), by }, installation)),

    recoverPerson: async ({ session: { operator: by }, params: { operator }, body }) =>
      orFault(await recoverPerson({ operator, by, because: body.because.trim() }, installation)),

    async approveRecovery({ session: { operator: by }, params: { id } }) {
      const result = await approveInvitation(id, { org: null, by }, installation);
      if (result !== 'done') throw new ProblemError(result);
      return {};
    },

    async withdrawRecovery({ session: { operator: by }, params: { id } }) {
      if (!(await withdrawInvitation(id, { org: null, by }, installation)))
        throw new ProblemError('not_found');
      return {};
    },

    async changeInstallationAdministrator({ session: { operator: by }, params: { operator }, body }) {
      const change = { operator, by, isOne: body.isOne, because: body.because.trim() };
      const result = await changeInstallationAdministrator(change, installation);
      if (result !== 'done') throw new ProblemError(result);
      return {};
    },
  };
}

function orFault<T extends object>(made: T | 'not_found' | 'own_request'): T {
  if (typeof made === 'string') throw new ProblemError(made);
  return made;
}
