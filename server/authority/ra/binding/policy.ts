import type { ListRow } from '../../../../contract/list-row.ts';
import { parseSpki } from '../../../../core/spki.ts';
import type { CertificateProfile } from '../../../ports/certificate-authority.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { Policy, StoredPolicy } from '../../../ports/policies.ts';
import { type DeviceMention, held, type Ruling, refused } from './ruling.ts';
import { subjectFor } from './subject-template.ts';

const DAY = 24 * 3_600_000;

/** The policy for one domain: the organisation's, overridden by the domain's own field by field. */
export async function policyFor(
  { org, domain }: { readonly org: string; readonly domain: string },
  { policies }: Reads<'policies'>,
): Promise<Policy> {
  return merge(await policies.ofOrg(org), domain);
}

function merge(stored: readonly StoredPolicy[], domain: string): Policy {
  const of = (name: string | null) => stored.find((one) => one.domain === name)?.policy;
  return { ...of(null), ...of(domain) };
}

/** The lifetime and subject that a policy gives a certificate. */
export function profileOf(
  { validityDays, subject }: Policy,
  names: { readonly udid: string; readonly domain: string; readonly org: string },
): CertificateProfile {
  const parts = subjectFor(subject, names);
  return {
    ...(validityDays === undefined ? {} : { lifetime: validityDays * DAY }),
    ...(parts === undefined ? {} : { subject: parts }),
  };
}

export interface PolicyFacts {
  readonly org: string;
  readonly domain: string;
  readonly udid: string;
  readonly row: ListRow | undefined;
  readonly spki: Uint8Array;
  readonly fresh: boolean;
  /** A second person has approved the record. */
  readonly approved: boolean;
  /** What binding it counts against: a device that is moved counts anew in its domain alone. */
  readonly adds: boolean | 'to_domain';
}

export type PolicyVerdict =
  | { readonly kind: 'ruled'; readonly ruling: Ruling }
  /** The policy has no objection; the certificate is to be issued with this profile. */
  | { readonly kind: 'free'; readonly profile: CertificateProfile };

/**
 * Judges by policy a device about to be bound, or a certificate about to be renewed. An approval overrides what would
 * be held, never a refusal.
 */
export async function judgePolicy(
  { org, domain, udid, row, spki, fresh, approved, adds }: PolicyFacts,
  about: DeviceMention,
  { policies, quotas }: Reads<'policies' | 'quotas'>,
): Promise<PolicyVerdict> {
  const stored = await policies.ofOrg(org);
  const policy = merge(stored, domain);
  const { models, keyTypes, possession, approval } = policy;
  const ruled = (ruling: Ruling) => ({ kind: 'ruled', ruling }) as const;
  if (models !== undefined && (row?.model === undefined || !models.includes(row.model)))
    return ruled(refused('model_not_allowed', about));
  if (keyTypes !== undefined && !keyTypes.includes(parseSpki(spki).type))
    return ruled(refused('key_type_not_allowed', about));
  if (!approved && possession === 'hold' && !fresh) return ruled(held('possession_needed', about));
  if (!approved && approval === 'always') return ruled(held('approval_needed', about));
  // Quotas come last, since asking for a place takes it (ports/bindings.ts).
  for (const {
    domain: of,
    policy: { quota },
  } of adds === false ? [] : stored) {
    if (quota === undefined || (of === null ? adds === 'to_domain' : of !== domain)) continue;
    if (!(await quotas.takePlace(org, of, quota))) return ruled(refused('quota_reached', about));
  }
  return { kind: 'free', profile: profileOf(policy, { udid, domain, org }) };
}
