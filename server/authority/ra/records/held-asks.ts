import { Amendment } from '../../../../contract/amendment.ts';
import type { HeldRecord } from '../../../../contract/approval.ts';
import { parse } from '../../../../contract/parse.ts';
import { SiteRecord } from '../../../../contract/site-record.ts';
import { Void } from '../../../../contract/void.ts';
import { isDomainName } from '../../../../core/name.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs } from '../../../ports/stores.ts';

type Asks = Partial<
  Pick<
    HeldRecord,
    'kind' | 'domain' | 'site' | 'siteTitle' | 'siteWas' | 'position' | 'domainTitle' | 'because'
  >
>;

/** What a held record that is no registration asks for, in the fields that a desk reads. */
export async function heldAsks(
  { header, payload }: StoredRecord,
  { records, domains }: Needs<'records' | 'domains'>,
): Promise<Asks> {
  switch (header.typ) {
    case 'registration+jws':
      return {};
    case 'confirmation+jws':
      return { kind: 'confirmation' };
    case 'amendment+jws': {
      const said = parse(Amendment, payload);
      if (said === undefined) return { kind: 'amendment' };
      const { domain, place, because } = said;
      const title = place.site === undefined ? undefined : (await domains.site(domain, place.site))?.title;
      return {
        kind: 'amendment',
        ...(place.site === undefined ? {} : { site: place.site }),
        ...(title === undefined ? {} : { siteTitle: title }),
        ...(place.position === undefined ? {} : { position: place.position }),
        ...(await titleOf(domain, domains)),
        ...(because === undefined ? {} : { because }),
      };
    }
    case 'void+jws': {
      const said = parse(Void, payload);
      const of = said && (await records.record(said.of));
      const domain = (of?.payload as { readonly domain?: unknown } | undefined)?.domain;
      const because = said?.because;
      return {
        kind: 'void',
        ...(typeof domain === 'string' && isDomainName(domain)
          ? { domain, ...(await titleOf(domain, domains)) }
          : {}),
        ...(because === undefined ? {} : { because }),
      };
    }
    case 'site+jws': {
      const said = parse(SiteRecord, payload);
      if (said === undefined) return { kind: 'site' };
      const { domain, site, title, was } = said;
      return {
        ...{ kind: 'site', domain, site, siteTitle: title },
        ...(was === undefined ? {} : { siteWas: was }),
        ...(await titleOf(domain, domains)),
      };
    }
    default:
      return {};
  }
}

async function titleOf(
  name: string,
  domains: Needs<'domains'>['domains'],
): Promise<Pick<HeldRecord, 'domainTitle'>> {
  const known = await domains.domain(name);
  return known === undefined ? {} : { domainTitle: known.title };
}
