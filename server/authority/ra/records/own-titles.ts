import type { HeldRecord } from '../../../../contract/approval.ts';
import type { OrgName } from '../../../ports/issuer-name.ts';
import type { Needs } from '../../../ports/stores.ts';

/**
 * What the organisation calls a domain of its own, and a site there. A held record may name any domain, for it can be held before
 * its place is judged; of a domain of others their titles are nobody else's to read.
 */
export async function titlesOf(
  org: OrgName,
  { domain, site: id }: { readonly domain: string; readonly site?: string | null | undefined },
  { domains }: Needs<'domains'>,
): Promise<Pick<HeldRecord, 'siteTitle' | 'domainTitle'>> {
  const known = await domains.domain(domain);
  if (known?.org !== org) return {};
  const site = id == null ? undefined : await domains.site(domain, id);
  return { domainTitle: known.title, ...(site === undefined ? {} : { siteTitle: site.title }) };
}
