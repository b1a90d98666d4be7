import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import { parseSubject } from '../authority/ra/binding/subject-template.ts';
import type { StoredPolicy } from '../ports/policies.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

export interface PolicyParts {
  readonly stores: Needs<'orgs' | 'domains'>;
  readonly transact: Transact<'policies' | 'audit'>;
  readonly clock: Clock;
}

export type PolicyFault =
  | 'org_unknown'
  | 'domain_unknown'
  | 'subject_not_allowed'
  | 'validity_not_allowed'
  | 'quota_not_allowed'
  | 'rekey_not_for_practice';

const isCount = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most;

/** Sets the policy of an organisation or of one of its domains. It applies to later decisions. */
export async function setPolicy(
  entry: StoredPolicy,
  by: string,
  { stores, transact, clock }: PolicyParts,
): Promise<PolicyFault | 'set'> {
  const { org, domain, policy } = entry;
  const owner = await stores.orgs.org(org);
  if (owner === undefined) return 'org_unknown';
  if (domain !== null && (await stores.domains.domain(domain))?.org !== org) return 'domain_unknown';
  if (policy.subject !== undefined && parseSubject(policy.subject) === undefined)
    return 'subject_not_allowed';
  // A certificate that ends before a visit can be planned helps nobody. The CA's own limit applies too.
  if (policy.validityDays !== undefined && !isCount(policy.validityDays, 3650)) return 'validity_not_allowed';
  if (policy.quota !== undefined && !isCount(policy.quota, 100_000_000)) return 'quota_not_allowed';
  // Key lineages span the whole installation, and practice must not touch a real device's.
  if (policy.rekey === 'allow' && owner.training) return 'rekey_not_for_practice';
  const at = toInstant(clock.now());
  await transact(async (tx) => {
    await tx.policies.save(entry, by, at);
    const said = { at, step: STEPS.admin, event: 'policy set', actor: by, org };
    await audit(tx.audit, { ...said, subject: domain ?? org, detail: JSON.stringify(policy) });
  });
  return 'set';
}

export async function clearPolicy(
  { org, domain }: Pick<StoredPolicy, 'org' | 'domain'>,
  by: string,
  { transact, clock }: Pick<PolicyParts, 'transact' | 'clock'>,
): Promise<boolean> {
  const at = toInstant(clock.now());
  return transact(async (tx) => {
    if (!(await tx.policies.remove(org, domain))) return false;
    const said = { at, step: STEPS.admin, event: 'policy removed', actor: by, org };
    await audit(tx.audit, { ...said, subject: domain ?? org, detail: '' });
    return true;
  });
}
