import { Number as Decimal, Object as Obj } from 'typebox/type';
import { parse } from '../../contract/parse.ts';
import { SiteId, SiteTitle } from '../../contract/scalars.ts';
import { MOST_SITES } from '../../contract/work-pack.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import { siteIdOf, tidy } from '../../core/place.ts';
import type { Site } from '../ports/domains.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';

/** Where a site is, in degrees (WGS 84). */
const SiteLocation = Obj({
  latitude: Decimal({ minimum: -90, maximum: 90 }),
  longitude: Decimal({ minimum: -180, maximum: 180 }),
});

export interface SiteParts {
  readonly stores: Needs<'domains'>;
  readonly transact: Transact<'domains' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: Pick<CryptoPort, 'sha256'>;
}

/** `title_invalid`: nothing is left once spaces are. `id_invalid`: longer than 64 characters. `location_invalid`: no degrees. */
export type SiteFault =
  | 'domain_unknown'
  | 'site_unknown'
  | 'site_taken'
  | 'title_invalid'
  | 'id_invalid'
  | 'location_invalid'
  | 'too_many_sites';

export type SiteResult =
  | { readonly ok: true; readonly site: Site }
  | { readonly ok: false; readonly why: SiteFault };

interface Act {
  readonly domain: string;
  readonly by: string;
}

/** Makes a site. Without an id its title gives one, as on phones. */
export async function addSite(
  { domain, by }: Act,
  wanted: {
    readonly id?: string | undefined;
    readonly title: string;
    /** Latitude and longitude as they were typed. */
    readonly at?: readonly [latitude: string, longitude: string] | undefined;
  },
  parts: SiteParts,
): Promise<SiteResult> {
  const title = parse(SiteTitle, tidy(wanted.title));
  if (title === undefined) return { ok: false, why: 'title_invalid' };
  const known = wanted.id === undefined ? await parts.stores.domains.sites(domain) : [];
  const id = parse(SiteId, wanted.id ?? (await idFor(title, idsByTitle(known), parts)));
  if (id === undefined) return { ok: false, why: 'id_invalid' };
  const where = wanted.at && readLocation(...wanted.at);
  if (where === 'location_invalid') return { ok: false, why: where };
  return changeSite(
    { domain, by, event: 'site made', site: { id, title, ...where } },
    (there) => (there !== undefined && !there.closed && there.title !== title ? 'site_taken' : undefined),
    parts,
  );
}

/** The id of the site that has this title already, made by whatever rule, or the one that its title gives. */
async function idFor(
  title: string,
  ids: ReadonlyMap<string, string>,
  { crypto }: Pick<SiteParts, 'crypto'>,
): Promise<string> {
  return ids.get(title.toLowerCase()) ?? siteIdOf(title, crypto);
}

function idsByTitle(sites: readonly Site[]): ReadonlyMap<string, string> {
  return new Map(sites.map(({ id, title }) => [title.toLowerCase(), id]));
}

/** Gives a site another title. Its devices stay, for they name it by its id. */
export async function renameSite({ domain, by }: Act, site: Site, parts: SiteParts): Promise<SiteResult> {
  const title = parse(SiteTitle, tidy(site.title));
  if (title === undefined) return { ok: false, why: 'title_invalid' };
  return changeSite(
    { domain, by, event: 'site renamed', site: { id: site.id, title } },
    (there) => (there === undefined || there.closed ? 'site_unknown' : undefined),
    parts,
  );
}

async function changeSite(
  act: Act & { readonly event: string; readonly site: Site },
  judge: (there: (Site & { readonly closed: boolean }) | undefined) => SiteFault | undefined,
  { stores, transact, clock }: SiteParts,
): Promise<SiteResult> {
  const { domain, by, event, site } = act;
  const owner = await stores.domains.domain(domain);
  if (owner === undefined) return { ok: false, why: 'domain_unknown' };
  const at = toInstant(clock.now());
  return transact(async (tx): Promise<SiteResult> => {
    const there = await tx.domains.site(domain, site.id);
    const why = judge(there);
    if (why !== undefined) return { ok: false, why };
    const isNew = there === undefined || there.closed;
    if (isNew && (await tx.domains.countSites(domain)) >= MOST_SITES)
      return { ok: false, why: 'too_many_sites' };
    await tx.domains.saveSite(domain, site);
    const said = { at, step: STEPS.admin, event, actor: by, org: owner.org };
    await audit(tx.audit, { ...said, subject: domain, detail: `${site.id}: ${site.title}` });
    return { ok: true, site };
  });
}

/** Nothing is bound there any more. Devices that stand there stay, and keep its title. */
export async function closeSite(
  { domain, by }: Act,
  id: string,
  { stores, transact, clock }: SiteParts,
): Promise<SiteResult> {
  const owner = await stores.domains.domain(domain);
  if (owner === undefined) return { ok: false, why: 'domain_unknown' };
  const at = toInstant(clock.now());
  return transact(async (tx): Promise<SiteResult> => {
    const there = await tx.domains.site(domain, id);
    if (there === undefined || there.closed) return { ok: false, why: 'site_unknown' };
    await tx.domains.closeSite(domain, id, at);
    const said = { at, step: STEPS.admin, event: 'site closed', actor: by, org: owner.org };
    await audit(tx.audit, { ...said, subject: domain, detail: `${id}: ${there.title}` });
    return { ok: true, site: { id, title: there.title } };
  });
}

/** Latitude and longitude in degrees; nothing where neither is said. */
function readLocation(latitude: string, longitude: string): Pick<Site, 'location'> | 'location_invalid' {
  const said = [latitude.trim(), longitude.trim()];
  if (said.every((part) => part === '')) return {};
  if (!said.every((part) => /^[+-]?\d{1,3}(\.\d{1,12})?$/.test(part))) return 'location_invalid';
  const location = parse(SiteLocation, { latitude: Number(latitude), longitude: Number(longitude) });
  return location === undefined ? 'location_invalid' : { location };
}

/** A line of a file of sites, with its number from 1. */
export interface SiteLine {
  readonly line: number;
  readonly domain: string;
  readonly id: string;
  readonly title: string;
  /** Degrees as they are written there; nothing where the file says none. */
  readonly latitude: string;
  readonly longitude: string;
  /** Values for which the file has no column: a title with a comma and no quotes. */
  readonly more: boolean;
}

export interface SiteLineFault {
  readonly line: number;
  /** `too_many_values`: more than the file has columns. */
  readonly why: SiteFault | 'other_organisation' | 'said_twice' | 'too_many_values';
}

/** Takes a whole file of one organisation, or none of it: then each line that cannot be taken is named. */
export async function importSites(
  org: string,
  lines: readonly SiteLine[],
  by: string,
  { stores, transact, clock, crypto }: SiteParts,
): Promise<{ readonly faults: readonly SiteLineFault[]; readonly taken: number }> {
  const named = new Set(lines.map(({ domain }) => domain));
  const domains = new Map<
    string,
    { readonly said: Set<string>; readonly ids: ReadonlyMap<string, string> }
  >();
  for (const { name } of await stores.domains.ofOrg(org))
    if (named.has(name))
      domains.set(name, { said: new Set(), ids: idsByTitle(await stores.domains.sites(name)) });
  const faults: SiteLineFault[] = [];
  const sites: { readonly line: number; readonly domain: string; readonly site: Site }[] = [];
  for (const { line, domain, id: wanted, title: said, latitude, longitude, more } of lines) {
    const where = readLocation(latitude, longitude);
    const title = parse(SiteTitle, tidy(said));
    const known = domains.get(domain);
    const wish = title && (wanted.trim() || (await idFor(title, known?.ids ?? new Map(), { crypto })));
    const id = parse(SiteId, wish);
    const other = known === undefined && (await stores.domains.domain(domain)) !== undefined;
    if (more) faults.push({ line, why: 'too_many_values' });
    else if (other) faults.push({ line, why: 'other_organisation' });
    else if (known === undefined) faults.push({ line, why: 'domain_unknown' });
    else if (title === undefined) faults.push({ line, why: 'title_invalid' });
    else if (id === undefined) faults.push({ line, why: 'id_invalid' });
    else if (where === 'location_invalid') faults.push({ line, why: where });
    else if (known.said.has(id)) faults.push({ line, why: 'said_twice' });
    else {
      known.said.add(id);
      sites.push({ line, domain, site: { id, title, ...where } });
    }
  }
  if (faults.length > 0) return { faults, taken: 0 };
  const at = toInstant(clock.now());
  return transact(async (tx) => {
    const tooMany = await beyondRoom(sites, tx);
    if (tooMany.length > 0) return { faults: tooMany, taken: 0 };
    for (const { domain, site } of sites) await tx.domains.saveSite(domain, site);
    const said = { at, step: STEPS.admin, event: 'sites imported', actor: by, org };
    await audit(tx.audit, { ...said, subject: org, detail: `${sites.length} sites` });
    return { faults, taken: sites.length };
  });
}

/** Lines whose sites a domain has no room for, with those that are there. */
async function beyondRoom(
  lines: readonly { readonly line: number; readonly domain: string; readonly site: Site }[],
  { domains }: Needs<'domains'>,
): Promise<readonly SiteLineFault[]> {
  const faults: SiteLineFault[] = [];
  const open = new Map<string, { count: number; readonly ids: ReadonlySet<string> }>();
  for (const { line, domain, site } of lines) {
    const there = open.get(domain) ?? {
      count: await domains.countSites(domain),
      ids: new Set((await domains.sites(domain)).map(({ id }) => id)),
    };
    open.set(domain, there);
    if (there.ids.has(site.id)) continue;
    if (there.count >= MOST_SITES) faults.push({ line, why: 'too_many_sites' });
    else there.count++;
  }
  return faults;
}
