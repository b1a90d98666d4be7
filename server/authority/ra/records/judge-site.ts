import { parse } from '../../../../contract/parse.ts';
import { SiteRecord } from '../../../../contract/site-record.ts';
import { MOST_SITES } from '../../../../contract/work-pack.ts';
import { tidy } from '../../../../core/place.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { type Ruling, refused } from '../binding/ruling.ts';

/**
 * A site is made or renamed in the field. The same site made twice is one; another title by now is a conflict, and so is
 * renaming a site that was closed: whoever did that did not know, and meant no opening. Making it opens it.
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
  const isThere = there !== undefined && !there.closed;
  // Made, whatever it was called before it was closed: its id comes from the title, so no phone could ever make it otherwise.
  const isMade = was === undefined && !isThere;
  if (!isMade && !(isThere && there.title === was))
    // The title that stands, for a person to choose; of a site that is not there, or not any more, there is nothing to choose.
    return refused('site_conflict', about, isThere ? there.title : payload.site);
  // A pack has room for so many: one more would be missing on every phone, and nobody would know which.
  if (!isThere && (await domains.countSites(domain.name)) >= MOST_SITES)
    return refused('too_many_sites', about);
  return {
    outcome: 'noted',
    about,
    effect: { kind: 'site', domain: domain.name, site: { id: payload.site, title } },
  };
}
