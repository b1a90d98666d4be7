import type { Registration } from '../../../../contract/registration.ts';
import type { DomainName } from '../../../../core/name.ts';
import { placeDigest, tidy } from '../../../../core/place.ts';
import type { Binding } from '../../../ports/bindings.ts';
import { goodCertificates } from '../binding/good-certificates.ts';
import { placeNow } from '../binding/place-now.ts';
import { judgePolicy, type PolicyFacts } from '../binding/policy.ts';
import { type DeviceMention, held, type Ruling, refused } from '../binding/ruling.ts';
import { readable } from './judge-amendment.ts';
import type { JudgeInput } from './judge-input.ts';

interface Moved {
  readonly binding: Binding;
  readonly from: NonNullable<Registration['from']>;
  readonly domain: DomainName;
  readonly about: DeviceMention;
}

/**
 * A device is moved to another domain of its organisation. Its certificate names the domain, so it gets another one, for which it
 * must have proved its key now: static evidence was true of where it stood. The one that it has stays good until it shows the new
 * one, as at a renewal.
 */
export async function judgeMove(
  { binding, from, domain, about }: Moved,
  facts: Omit<PolicyFacts, 'adds'>,
  { record, registration, stores, crypto }: Pick<JudgeInput, 'record' | 'registration' | 'stores' | 'crypto'>,
): Promise<Ruling> {
  if (binding.state === 'issuing') throw new Error('an earlier record of this device is not finished');
  const now = await placeNow(binding, stores);
  const spot = { domain: now.domain, site: now.site ?? undefined, position: now.position ?? undefined };
  if (from.domain !== now.domain || from.place !== (await placeDigest(spot, crypto)))
    return refused('place_conflict', about, await readable(now, stores));
  if (!facts.fresh && !facts.approved) return held('possession_needed', about);
  const policy = await judgePolicy({ ...facts, adds: 'to_domain' }, about, stores);
  if (policy.kind === 'ruled') return policy.ruling;
  const { pending } = await goodCertificates(binding.id, stores);
  const { place, because } = registration;
  const site = place.site ?? null;
  return {
    outcome: 'move',
    binding: { ...binding, domain, site, state: 'issued' },
    about,
    spki: facts.spki,
    profile: policy.profile,
    drops: pending,
    place: {
      registration: binding.registration,
      binding: binding.id,
      domain,
      site,
      position: tidy(place.position ?? '') || null,
      standsBy: record.id,
      record: record.id,
      by: record.author,
      because: because ?? null,
      before: { ...now, state: binding.state },
    },
  };
}
