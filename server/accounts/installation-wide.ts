import type { InstalledOrgs } from '../../contract/account.ts';
import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { OrgName } from '../ports/issuer-name.ts';
import type { Person } from '../ports/people.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';
import { type InvitationParts, type MadeInvitation, makeInvitation } from './invitations.ts';
import { viewInvitations } from './people-of-org.ts';

const MOST_ORGS = 10_000;
const MOST_NAMES = 64;

/** All organisations with who administers them, and the recoveries that wait. */
export async function installedOrgs({
  stores,
  clock,
}: {
  readonly stores: Needs<'orgs' | 'people' | 'invitations'>;
  readonly clock: Clock;
}): Promise<InstalledOrgs> {
  const orgs = [];
  for (const { name, title, training } of (await stores.orgs.orgs()).slice(0, MOST_ORGS)) {
    const members = await stores.people.membersOf(name);
    const administrators = members.filter(({ role }) => role === 'administrator').map((one) => one.name);
    orgs.push({
      ...{ name, title, training, people: members.length },
      administrators: administrators.slice(0, MOST_NAMES),
    });
  }
  const open = await stores.invitations.openOf(null, toInstant(clock.now()));
  const recoveries = open.filter(({ kind }) => kind === 'recovery');
  return { orgs, recoveries: await viewInvitations(recoveries, stores) };
}

/** Invites an administrator of an organisation. Where it has one, that one has a word: nobody of outside takes it over. */
export async function inviteAdministrator(
  { org, name, by }: { readonly org: OrgName; readonly name: string; readonly by: string },
  parts: InvitationParts,
): Promise<MadeInvitation | 'not_found'> {
  if ((await parts.stores.orgs.org(org)) === undefined) return 'not_found';
  const waits = (await parts.stores.people.administrators(org)).length > 0;
  return makeInvitation(
    { ...{ kind: 'join', org, role: 'administrator', operator: null, name }, by, madeBy: by, waits },
    parts,
  );
}

export type RecoveryFault = 'not_found' | 'own_request';

/**
 * Invites a person anew who lost all passkeys, whatever they work for. It waits for a second installation administrator: whoever
 * answers for the installation is nothing in an organisation, and would be that person there.
 */
export async function recoverPerson(
  { operator, by, because }: { readonly operator: string; readonly by: string; readonly because: string },
  parts: InvitationParts,
): Promise<MadeInvitation | RecoveryFault> {
  const { stores } = parts;
  const person = await recoverable(operator, stores);
  if (person === undefined) return 'not_found';
  if (operator === by) return 'own_request';
  const made = { kind: 'recovery', org: null, role: null, operator, name: person.name } as const;
  return makeInvitation({ ...made, by, madeBy: by, waits: true, because }, parts);
}

/** The same at the server itself, for the last administrator: nobody is left to agree, and the trail names who did it. */
export async function recoverAtServer(
  { operator, by, because }: { readonly operator: string; readonly by: string; readonly because: string },
  parts: InvitationParts,
): Promise<MadeInvitation | undefined> {
  const person = await recoverable(operator, parts.stores);
  if (person === undefined) return undefined;
  const made = { kind: 'recovery', org: null, role: null, operator, name: person.name } as const;
  return makeInvitation({ ...made, by, madeBy: null, waits: false, because }, parts);
}

async function recoverable(operator: string, { people }: Needs<'people'>): Promise<Person | undefined> {
  const person = await people.person(operator);
  return person === undefined || person.revokedAt !== null || person.demoRole !== null ? undefined : person;
}

/** Makes a person an installation administrator, or one no longer. The last one stays. */
export function changeInstallationAdministrator(
  change: {
    readonly operator: string;
    readonly isOne: boolean;
    readonly by: string;
    readonly because: string;
  },
  {
    transact,
    clock,
  }: {
    readonly transact: Transact<'people' | 'installationAdministrators' | 'administratorTimes' | 'audit'>;
    readonly clock: Clock;
  },
): Promise<'done' | 'not_found' | 'last_administrator'> {
  const { operator, isOne, by, because } = change;
  return transact(async (tx) => {
    const person = await tx.people.person(operator);
    if (person === undefined || person.revokedAt !== null || person.demoRole !== null) return 'not_found';
    const all = await tx.installationAdministrators.all();
    if (!isOne && all.length === 1 && all[0] === operator) return 'last_administrator';
    await tx.installationAdministrators.set(operator, isOne);
    const at = toInstant(clock.now());
    if (isOne) await tx.administratorTimes.begun(operator, null, at);
    else await tx.administratorTimes.ended(operator, null, at);
    await audit(tx.audit, {
      ...{ at, step: STEPS.admin, actor: by, org: null, subject: operator },
      event: isOne ? 'installation administrator made' : 'installation administrator ended',
      detail: because,
    });
    return 'done';
  });
}
