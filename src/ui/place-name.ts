import type { StandingDevice } from '../flow/known-device.ts';
import type { PlaceInput } from '../flow/place.ts';
import type { AppModel } from './model.ts';

/** A place as people say it: titles, and the domain's name only where this phone has none for it. */
export function nameOfPlace(
  model: Pick<AppModel, 'packs'>,
  place: Pick<StandingDevice, 'org' | 'domain' | 'site' | 'siteTitle' | 'position'> | PlaceInput,
): string {
  const pack = model.packs.value.find(({ pack: { org } }) => org === place.org);
  const domain = pack?.pack.domains.find(({ name }) => name === place.domain);
  const site = domain?.sites.find(({ id }) => id === place.site)?.title ?? place.siteTitle ?? place.site;
  return [domain?.title ?? place.domain, site, place.position]
    .filter((part) => part !== undefined && part !== '')
    .join(', ');
}
