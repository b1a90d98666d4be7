import type { Registration } from '../../contract/registration.ts';
import type { WorkPack } from '../../contract/work-pack.ts';
import { distanceMetres } from '../../core/distance.ts';
import { tidy } from '../../core/place.ts';
import { type StandingDevice, stands, type Wish } from './known-device.ts';

export type PlaceLocation = NonNullable<Registration['place']['location']>;
type PackDomain = WorkPack['domains'][number];
export type PlaceSite = PackDomain['sites'][number];

/** A domain that this person may bind to, of whichever organisation. */
export interface PlaceDomain extends PackDomain {
  readonly org: string;
}

/** What a person has chosen so far. `site` empty: said to be none; absent: not chosen. */
export interface PlaceInput {
  readonly org?: string;
  readonly domain?: string;
  readonly site?: string;
  readonly siteTitle?: string;
  readonly position?: string;
  readonly location?: PlaceLocation;
  /** The device in whose place this one stands from now on. */
  readonly instead?: StandingDevice;
}

/** Where the last device was put, kept on the phone by person. */
export interface LastPlace {
  readonly org: string;
  readonly domain: string;
  readonly site?: string;
  readonly siteTitle?: string;
}

/**
 * What the step begins with: where the device stands, or the one that it replaces; else where the last one was put; else
 * the only choice there is. Never merely the first of several.
 */
export function firstPlace(
  domains: readonly PlaceDomain[],
  device: { readonly known?: StandingDevice | undefined; readonly wish?: Wish | undefined },
  last: LastPlace | undefined,
): PlaceInput {
  const instead = device.wish?.act === 'replace' ? device.wish.device : undefined;
  const known = instead ?? placeOfItsOwn(device);
  const before = [known, last].find(
    (place) => place !== undefined && domains.some((one) => isDomain(one, place)),
  );
  if (before !== undefined) {
    const { org, domain } = before;
    const position = before === known ? known?.position : undefined;
    const site = siteOf(before, domains);
    return {
      ...{ org, domain, ...site },
      ...(position === undefined ? {} : { position }),
      ...(instead === undefined ? {} : { instead }),
    };
  }
  const [only, another] = domains;
  return {
    ...(only !== undefined && another === undefined ? inDomain(only) : {}),
    ...(instead === undefined ? {} : { instead }),
  };
}

/** Nothing real stands anywhere in practice, so that a first walk is not held up by a choice. */
export function practicePlace([domain]: readonly PlaceDomain[]): PlaceInput {
  if (domain === undefined) return {};
  const [site] = domain.sites;
  return site === undefined
    ? inDomain(domain)
    : { ...inDomain(domain), site: site.id, siteTitle: site.title };
}

/** A device that is to be moved stands where it will not stand. */
function placeOfItsOwn(device: {
  readonly known?: StandingDevice | undefined;
  readonly wish?: Wish | undefined;
}): StandingDevice | undefined {
  return device.wish?.act === 'move' ? undefined : device.known;
}

function siteOf(
  place: Pick<StandingDevice, 'org' | 'domain' | 'site' | 'siteTitle'>,
  domains: readonly PlaceDomain[],
): Pick<PlaceInput, 'site' | 'siteTitle'> {
  const { site, siteTitle } = place;
  if (site === undefined || site === '') return { site: '' };
  const listed = domains.find((one) => isDomain(one, place))?.sites.find(({ id }) => id === site);
  const title = listed?.title ?? siteTitle;
  return title === undefined ? {} : { site, siteTitle: title };
}

/** A domain newly chosen: its only site, or that there is none, is no choice. */
export function inDomain({ org, name, sites }: PlaceDomain): PlaceInput {
  const [only, another] = sites;
  if (only === undefined) return { org, domain: name, site: '' };
  return another === undefined
    ? { org, domain: name, site: only.id, siteTitle: only.title }
    : { org, domain: name };
}

export function isDomain(
  { org, name }: Pick<PlaceDomain, 'org' | 'name'>,
  place: { readonly org?: string | undefined; readonly domain?: string | undefined },
): boolean {
  return org === place.org && name === place.domain;
}

/**
 * What saving it there is for a device that stands somewhere. `another_owner`: in another organisation, whose claim its
 * owner decides.
 */
export type PlaceChange = 'new' | 'same' | 'corrected' | 'moved' | 'another_owner';

export function placeChange(known: StandingDevice | undefined, chosen: PlaceInput): PlaceChange {
  if (known === undefined || !stands(known) || chosen.domain === undefined) return 'new';
  if (known.org !== chosen.org) return 'another_owner';
  if (known.domain !== chosen.domain) return 'moved';
  const same =
    (known.site ?? '') === (chosen.site ?? '') && tidy(known.position ?? '') === tidy(chosen.position ?? '');
  return same ? 'same' : 'corrected';
}

/** What nobody mistakes for being at the site: further than this, or than the phone can tell. */
const NEAR_METRES = 500;
const DOUBT = 3;

/** How far from the site the phone is, in metres, where that is worth a warning. */
export function farFrom(
  site: Pick<PlaceSite, 'location'> | undefined,
  here: PlaceLocation | undefined,
): number | undefined {
  if (site?.location === undefined || here === undefined) return undefined;
  const metres = distanceMetres(site.location, here);
  return metres > Math.max(NEAR_METRES, DOUBT * here.accuracyMetres) ? metres : undefined;
}

/** The device that ends when this one is saved there: one takes the place of another only where that one stands. */
export function replacedBy({
  org,
  domain,
  instead,
}: PlaceInput): { readonly maker: string; readonly udid: string } | undefined {
  if (instead?.maker === undefined || instead.org !== org || instead.domain !== domain) return undefined;
  return { maker: instead.maker, udid: instead.udid };
}
