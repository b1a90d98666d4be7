import { parse } from '../../../../contract/parse.ts';
import { SiteRecord } from '../../../../contract/site-record.ts';
import { MOST_SITES } from '../../../../contract/work-pack.ts';
import { tidy } from '../../../../core/place.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { type Ruling, refused } from '../binding/ruling.ts';

/**
 * A site is made or renamed in the field. The same site made twice is one; another title by now is a conflict, and so is another
 * title for a site that was closed: whoever gave it one did not know, and meant no opening.
 */
export async function judgeSite(
  record: StoredRecord,
  { people, domains }: Reads<'people' | 'domains'>,
): Promise<Ruling> {
  const payload = parse(SiteRecord, record.payload);
  if (payload === undefined) throw new Error('a kept site record no longer fits its schema');
  const about = { domain: payload.domain };
  const domain = await domains.domain(payload.domain);
  if (domain === undefined) return refused('domain_unknown', about);
  const memberships = await people.memberships(record.author);
  if (domain.org !== record.header.org || !memberships.some(({ org }) => org === domain.org))
    return refused('domain_not_entitled', about);
  const title = tidy(payload.title);
  const there = await domains.site(domain.name, payload.site);
  if (there?.title === title && !there.closed) return { outcome: 'noted', about };
  const was = payload.was === undefined ? undefined : tidy(payload.was);
  const isClosed = was !== undefined && there?.closed === true;
  if (isClosed || (there?.title !== title && there?.title !== was))
    // The title that stands, for a person to choose; of a site that is not there, or not any more, there is nothing to choose.
    return refused('site_conflict', about, isClosed ? payload.site : (there?.title ?? payload.site));
  // A pack has room for so many: one more would be missing on every phone, and nobody would know which.
  const isNew = there === undefined || there.closed;
  if (isNew && (await domains.countSites(domain.name)) >= MOST_SITES) return refused('too_many_sites', about);
  return {
    outcome: 'noted',
    about,
    effect: { kind: 'site', domain: domain.name, site: { id: payload.site, title } },
  };
}
