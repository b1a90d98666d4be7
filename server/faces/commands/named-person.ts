import type { Role } from '../../../contract/operator.ts';
import { CUSTODIANS, DESK, ROLES } from '../../../contract/roles.ts';
import { orgOf } from '../../ports/ca-names.ts';
import { REAL_SCOPE } from '../../ports/orgs.ts';
import type { Needs } from '../../ports/stores.ts';
import { commandLine } from '../../trail/actors.ts';
import { type CommandCall, UsageError } from './command.ts';

/**
 * Whose word an act of the command line needs in the organisation that it touches: the roles that the API asks of a
 * signed-in person, where it has the operation. Lists, keys, policies, machine clients and receivers are the desk's.
 */
export const WHO = {
  custody: CUSTODIANS,
  desk: DESK,
  /** Practice is everybody's who is a member. */
  practice: ROLES,
  administration: ['administrator'],
} as const satisfies Record<string, readonly Role[]>;

type Call = Pick<CommandCall, 'installation' | 'text'>;

/**
 * The actor of an act, for the trail: the command line, with the person whom `--by` names. Whoever is named must be known
 * here, not be revoked, and have one of the roles in one of `orgs`; where an act touches nobody's organisation (none is
 * given), being known is enough. Throws UsageError.
 */
export async function actorFor(
  { installation, text }: Call,
  orgs: readonly string[],
  roles: readonly Role[],
): Promise<string> {
  const by = text('by');
  if (by === undefined) return commandLine();
  const { people } = installation.stores;
  const person = await people.person(by);
  if (person === undefined) throw new UsageError('--by names a person known here (see: people)');
  if (person.revokedAt !== null)
    throw new UsageError('--by names a person who was revoked: name another one');
  const memberships = await people.memberships(by);
  const may = memberships.some(({ org, role }) => orgs.includes(org) && roles.includes(role));
  if (orgs.length > 0 && !may)
    throw new UsageError(
      `--by names a person who may not do this in ${orgs.join(', ')}: it takes ${roles.join(', ')} there (see: people)`,
    );
  return commandLine(by);
}

/** The same where somebody must answer for the act by name, with a reason. Throws UsageError. */
export async function wordOf(
  call: Call & Pick<CommandCall, 'required'>,
  orgs: readonly string[],
): Promise<{ by: string; because: string }> {
  call.required('by');
  return {
    by: await actorFor(call, orgs, WHO.custody),
    because: call.required('because').trim().slice(0, 300),
  };
}

/**
 * The organisations that have a word over a device: where it is bound, else those whose list names it, where it was bound
 * before, or whose CA signed a certificate of it that the database does not know.
 */
export async function orgsOfDevice(
  maker: string,
  udid: string,
  {
    liveBindings,
    bindingHistory,
    listBulk,
    found,
  }: Needs<'liveBindings' | 'bindingHistory' | 'listBulk' | 'found'>,
): Promise<string[]> {
  const live = await liveBindings.byName(maker, udid);
  if (live !== undefined) return [live.org];
  const before = (await bindingHistory.ofUdid(udid)).filter((binding) => binding.maker === maker);
  const listed = await listBulk.named(REAL_SCOPE, [{ maker, udid }]);
  const signed = (await found.ofUdid(udid)).map(({ issuer }) => orgOf(issuer));
  return [...new Set([...[...before, ...listed].map(({ org }) => org), ...signed])];
}
