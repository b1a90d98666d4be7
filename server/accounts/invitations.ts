import type { InvitationKind, InvitationShown } from '../../contract/account.ts';
import type { Role } from '../../contract/operator.ts';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { uuid7 } from '../../core/uuid7.ts';
import type { Invitation } from '../ports/accounts.ts';
import type { OrgName } from '../ports/issuer-name.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';
import { countsAsOne, stillStands } from './four-eyes.ts';

const DAY = 24 * 3_600_000;
/** A code on a screen is for the device beside it. */
const LIFE: Record<InvitationKind, number> = {
  'set-up': 7 * DAY,
  join: 7 * DAY,
  recovery: 7 * DAY,
  device: 10 * 60_000,
};

export interface InvitationParts {
  readonly stores: Needs<
    'invitations' | 'people' | 'orgs' | 'installationAdministrators' | 'administratorTimes'
  >;
  readonly transact: Transact<
    'invitations' | 'people' | 'installationAdministrators' | 'administratorTimes' | 'audit' | 'notices'
  >;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  /** Address of the app. */
  readonly publicUrl: string;
}

export interface Wanted {
  readonly kind: InvitationKind;
  readonly org: OrgName | null;
  readonly role: Role | null;
  readonly operator: string | null;
  readonly name: string;
  /** Who makes it, for the trail; the person too, if it is one. */
  readonly by: string;
  readonly madeBy: string | null;
  readonly waits: boolean;
  /** Said on the trail. */
  readonly because?: string;
  /** Where its link is sent, and by whom. */
  readonly mail?: { readonly to: string; readonly notifier: Pick<Notifier, 'invite'> } | undefined;
}

export interface MadeInvitation {
  readonly id: string;
  readonly link: string;
  readonly expiresAt: string;
  readonly waits: boolean;
  /** Whether its link goes by mail; undefined if nobody asked for that. */
  readonly mailed?: boolean;
}

/** Makes an invitation. Its link is told once, here, and by mail if that was asked for: only a digest of its secret is kept. */
export async function makeInvitation(
  { by, because, mail, ...wanted }: Wanted,
  { stores, transact, clock, crypto, publicUrl }: InvitationParts,
): Promise<MadeInvitation> {
  const now = clock.now();
  const token = toBase64Url(crypto.random(32));
  const id = uuid7(now, crypto);
  const hash = await hashOfToken(token, crypto);
  const [madeAt, expiresAt] = [toInstant(now), toInstant(now + LIFE[wanted.kind])];
  // Behind the `#`, which a browser sends to nobody: neither a log nor a proxy sees the secret.
  const link = `${publicUrl}/join#${token}`;
  const { org } = wanted;
  const title = org === null ? undefined : (await stores.orgs.org(org))?.title;
  const mailed = await transact(async (tx) => {
    // The newest takes the place of those before.
    if ((wanted.kind === 'recovery' || wanted.kind === 'device') && wanted.operator !== null)
      await tx.invitations.withdrawOf(wanted.operator, [wanted.kind], madeAt);
    await tx.invitations.save({ ...wanted, id, hash, madeAt, expiresAt });
    await audit(tx.audit, {
      ...{ at: madeAt, step: STEPS.admin, event: 'invitation made', actor: by, org: wanted.org, subject: id },
      detail: [
        wanted.kind,
        wanted.role,
        wanted.operator,
        wanted.waits ? 'waits for a second person' : null,
        because && `because: ${because}`,
      ]
        .filter((word) => word)
        .join(', '),
    });
    return mail?.notifier.invite({ invitation: id, to: mail.to, link, title, org, expiresAt }, tx);
  });
  return { id, link, expiresAt, waits: wanted.waits, ...(mailed === undefined ? {} : { mailed }) };
}

export function hashOfToken(token: string, crypto: CryptoPort): Promise<string> {
  return crypto.digest(utf8(`invitation:${token}`));
}

export type InvitationFault =
  | 'invitation_unknown'
  | 'invitation_used'
  | 'invitation_over'
  | 'invitation_waits';

/** Why an invitation is worth nothing now; undefined if it may be accepted. */
export async function faultOf(
  invitation: Invitation | undefined,
  now: number,
  stores: Parameters<typeof stillStands>[2],
): Promise<InvitationFault | undefined> {
  if (invitation === undefined) return 'invitation_unknown';
  if (invitation.usedAt !== null) return 'invitation_used';
  if (invitation.withdrawnAt !== null || invitation.expiresAt <= toInstant(now)) return 'invitation_over';
  if (!(await stillStands(invitation, now, stores))) return 'invitation_over';
  return invitation.waits ? 'invitation_waits' : undefined;
}

/** What whoever holds the link may know of it. */
export async function showInvitation(
  token: string,
  { stores, clock, crypto }: InvitationParts,
): Promise<InvitationShown | InvitationFault> {
  const invitation = await stores.invitations.byHash(await hashOfToken(token, crypto));
  const fault = await faultOf(invitation, clock.now(), stores);
  if (fault !== undefined || invitation === undefined) return fault ?? 'invitation_unknown';
  const { kind, org, role, name, madeBy, expiresAt } = invitation;
  const title = org === null ? undefined : (await stores.orgs.org(org))?.title;
  const by = madeBy === null ? undefined : (await stores.people.person(madeBy))?.name;
  return {
    ...{ kind, expiresAt },
    ...(name === '' ? {} : { name }),
    ...(org === null ? {} : { org }),
    ...(title === undefined ? {} : { title }),
    ...(role === null ? {} : { role }),
    ...(by === undefined ? {} : { by }),
  };
}

/** Takes an invitation of the organisation back; false if it is not open there. */
export function withdrawInvitation(
  id: string,
  { org, by }: { readonly org: OrgName | null; readonly by: string },
  { transact, clock }: InvitationParts,
): Promise<boolean> {
  const at = toInstant(clock.now());
  return transact(async (tx) => {
    const invitation = await tx.invitations.invitation(id);
    if (invitation === undefined) return false;
    // For the whole installation: recoveries, and what one made oneself for an organisation.
    const isTheirs =
      org === null
        ? invitation.kind === 'recovery' || (invitation.org !== null && invitation.madeBy === by)
        : invitation.org === org;
    if (!isTheirs) return false;
    if (!(await tx.invitations.withdraw(id, at))) return false;
    await audit(tx.audit, {
      ...{ at, step: STEPS.admin, event: 'invitation withdrawn', actor: by, org, subject: id },
    });
    return true;
  });
}

/** The second administrator's word. Whoever made it cannot give it, nor can whom it is for. */
export function approveInvitation(
  id: string,
  { org, by }: { readonly org: OrgName | null; readonly by: string },
  { transact, clock }: InvitationParts,
): Promise<'done' | 'own_request' | 'administrator_too_new' | 'not_found'> {
  const now = clock.now();
  const at = toInstant(now);
  return transact(async (tx) => {
    const invitation = await tx.invitations.invitation(id);
    if (invitation === undefined || invitation.org !== org) return 'not_found';
    if (invitation.madeBy === by || invitation.operator === by) return 'own_request';
    if (invitation.kind === 'recovery')
      for (const who of [by, invitation.madeBy ?? by])
        if (!(await countsAsOne(who, { org, person: invitation.operator }, now, tx)))
          return 'administrator_too_new';
    if (!(await tx.invitations.approve(id, by, at))) return 'not_found';
    await audit(tx.audit, {
      ...{ at, step: STEPS.admin, event: 'invitation approved', actor: by, org, subject: id },
    });
    return 'done';
  });
}
