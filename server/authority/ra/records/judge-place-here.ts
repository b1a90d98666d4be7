import type { Registration } from '../../../../contract/registration.ts';
import { placeDigest, tidy } from '../../../../core/place.ts';
import type { Standing } from '../../../ports/places.ts';
import { placeNow } from '../binding/place-now.ts';
import type { Ruling } from '../binding/ruling.ts';
import { readable } from './judge-amendment.ts';
import type { JudgeInput } from './judge-input.ts';

/**
 * A visit to a device that is bound in this domain says where it stands there: its site and position are corrected by it, as by an
 * amendment. Where somebody changed the place since the phone knew it, nothing changes, and the answer says how it reads now.
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
  const digestOf = ({ site, position }: Pick<Standing, 'site' | 'position'>) =>
    placeDigest({ domain, site: site ?? undefined, position: position ?? undefined }, crypto);
  const { place, because } = registration;
  const wanted = { site: place.site ?? null, position: tidy(place.position ?? '') || null };
  const standing = await digestOf(now);
  if ((await digestOf(wanted)) === standing) return ruling;
  if (from.place !== standing) return { ...ruling, detail: `stands at ${await readable(now, stores)}` };
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
