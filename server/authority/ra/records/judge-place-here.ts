import type { Registration } from '../../../../contract/registration.ts';
import { placeDigest, tidy } from '../../../../core/place.ts';
import type { Standing } from '../../../ports/places.ts';
import { placeNow } from '../binding/place-now.ts';
import { type Ruling, refused } from '../binding/ruling.ts';
import { readable } from './judge-amendment.ts';
import type { JudgeInput } from './judge-input.ts';

/**
 * A visit to a device that is bound in this domain says where it stands there: its site and position are corrected by it, as by an
 * amendment, and as that it is refused where somebody changed the place since the phone knew it. A renewal is refused with it, since
 * a record is done whole or not at all; the device goes on with the certificate that it has. A visit that leaves the place as the
 * phone knew it corrects nothing, and is no conflict.
 */
export async function judgePlaceHere(
  ruling: Ruling,
  from: NonNullable<Registration['from']>,
  { record, registration, stores, crypto }: Pick<JudgeInput, 'record' | 'registration' | 'stores' | 'crypto'>,
): Promise<Ruling> {
  if (ruling.outcome !== 'same' && ruling.outcome !== 'renew') return ruling;
  const { binding } = ruling;
  const now = await placeNow(binding, stores);
  const { domain } = now;
  // The record itself moved it here, and is judged again because the device took its certificate another way meanwhile.
  if (now.standsBy === record.id && from.domain !== domain)
    return ruling.outcome === 'same' ? { ...ruling, moved: true } : ruling;
  const digestOf = ({ site, position }: Pick<Standing, 'site' | 'position'>) =>
    placeDigest({ domain, site: site ?? undefined, position: position ?? undefined }, crypto);
  const { place, because } = registration;
  const wanted = { site: place.site ?? null, position: tidy(place.position ?? '') || null };
  const standing = await digestOf(now);
  const said = await digestOf(wanted);
  if (said === standing || said === from.place) return ruling;
  if (from.place !== standing) return refused('place_conflict', ruling.about, await readable(now, stores));
  return {
    ...ruling,
    place: {
      ...wanted,
      domain,
      standsBy: now.standsBy,
      registration: binding.registration,
      binding: binding.id,
      record: record.id,
      by: record.author,
      because: because ?? null,
      before: now,
    },
  };
}
