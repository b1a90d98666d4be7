import { Amendment } from '../../../../contract/amendment.ts';
import { parse } from '../../../../contract/parse.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { placeDigest, tidy } from '../../../../core/place.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { Standing } from '../../../ports/places.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { placeNow, placeOfHeld } from '../binding/place-now.ts';
import { type Ruling, refused } from '../binding/ruling.ts';

/**
 * Site and position of a device are corrected. What stands there by now is compared with what the person saw: two people who
 * correct one place differently are told of each other, and the later word does not win.
 */
export async function judgeAmendment(
  record: StoredRecord,
  stores: Reads<'records' | 'bindings' | 'places' | 'life' | 'domains' | 'people'>,
  crypto: CryptoPort,
): Promise<Ruling> {
  const payload = parse(Amendment, record.payload);
  if (payload === undefined) throw new Error('a kept amendment no longer fits its schema');
  const { udid, domain, base, place, because } = payload;
  const about = { udid, domain };
  const memberships = await stores.people.memberships(record.author);
  if (!memberships.some(({ org }) => org === record.header.org)) return refused('domain_not_entitled', about);
  const amended = await stores.records.record(payload.registration);
  if (
    amended?.header.typ !== 'registration+jws' ||
    amended.header.org !== record.header.org ||
    amended.udid !== udid
  )
    return refused('registration_unknown', about);
  if (amended.outcome === null) throw new Error('the amended registration is not decided yet');
  const binding = amended.binding === null ? undefined : await stores.bindings.binding(amended.binding);
  if (binding !== undefined && binding.org !== record.header.org)
    return refused('registration_unknown', about);
  const isLive = amended.outcome === 'bound' && binding?.endedAt === null;
  if (!isLive && amended.outcome !== 'held') return refused('already_decided', about);
  const now =
    binding !== undefined && isLive ? await placeNow(binding, stores) : await placeOfHeld(amended, stores);
  if (now === undefined) return refused('registration_unknown', about);
  const known = binding === undefined ? about : { ...about, maker: binding.maker };
  const digestOf = ({ domain, site, position }: Pick<Standing, 'domain' | 'site' | 'position'>) =>
    placeDigest({ domain, site: site ?? undefined, position: position ?? undefined }, crypto);
  const standing = await digestOf(now);
  const wanted: Standing = {
    domain: now.domain,
    site: place.site ?? null,
    position: tidy(place.position ?? '') || null,
    standsBy: now.standsBy,
  };
  // Said twice is said once, by whomever.
  if (domain === now.domain && (await digestOf(wanted)) === standing)
    return { outcome: 'noted', about: known };
  if (domain !== now.domain || base !== standing)
    return refused('place_conflict', known, await readable(now, stores));
  return {
    outcome: 'noted',
    about: known,
    effect: {
      kind: 'amend',
      change: {
        ...wanted,
        registration: binding?.registration ?? amended.id,
        binding: binding?.id ?? null,
        record: record.id,
        by: record.author,
        because: because ?? null,
        before: {
          domain: now.domain,
          site: now.site,
          position: now.position,
          standsBy: now.standsBy,
        },
      },
    },
  };
}

/** A place as people read it. */
export async function readable(
  { domain, site, position }: Pick<Standing, 'domain' | 'site' | 'position'>,
  { domains }: Reads<'domains'>,
): Promise<string> {
  const title = site === null ? undefined : ((await domains.site(domain, site))?.title ?? site);
  return [title ?? domain, position ?? undefined]
    .filter((part) => part !== undefined)
    .join(', ')
    .slice(0, 300);
}
