import { toBase64Url } from '../../core/bytes.ts';
import { toInstant } from '../../core/instant.ts';
import { audit } from '../audit/chain.ts';
import { STEPS } from '../audit/steps.ts';
import { type Establishing, establishIssuing, ROOTS } from '../ca/establish.ts';
import type { Needs, Transact } from '../ports/stores.ts';

export interface OrgParts extends Establishing {
  readonly stores: Needs<'authorities' | 'orgs'>;
  readonly transact: Transact<'orgs' | 'audit'>;
}

export interface NewOrg {
  readonly name: string;
  readonly title: string;
  readonly training: boolean;
}

/** An organisation with its issuing CA. Safe to repeat; what a crash left half-made is completed. */
export async function createOrg(
  org: NewOrg,
  parts: OrgParts,
): Promise<'made' | 'there' | 'name_not_allowed'> {
  const reserved: readonly string[] = Object.values(ROOTS);
  if (!/^[a-z][a-z0-9-]{1,30}$/.test(org.name) || reserved.includes(org.name)) return 'name_not_allowed';
  const there = await parts.stores.orgs.org(org.name);
  if (there !== undefined && there.training !== org.training) return 'name_not_allowed';
  // The CA first: an organisation that is there can always issue.
  await establishIssuing(org, parts);
  if (there !== undefined) return 'there';
  const at = toInstant(parts.clock.now());
  const salt = toBase64Url(parts.crypto.random(32));
  await parts.transact(async (tx) => {
    await tx.orgs.saveOrg({ ...org, salt }, at);
    await audit(tx.audit, {
      at,
      step: STEPS.prepare,
      event: 'organisation created',
      actor: 'command line',
      org: org.name,
      subject: org.name,
      detail: org.training ? 'training' : '',
    });
  });
  return 'made';
}
