import { Amendment } from '../../../../contract/amendment.ts';
import type { HeldRecord } from '../../../../contract/approval.ts';
import { parse } from '../../../../contract/parse.ts';
import { SiteRecord } from '../../../../contract/site-record.ts';
import { Void } from '../../../../contract/void.ts';
import { isDomainName } from '../../../../core/name.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs } from '../../../ports/stores.ts';
import { titlesOf } from './own-titles.ts';

type Asks = Partial<
  Pick<
    HeldRecord,
    'kind' | 'domain' | 'site' | 'siteTitle' | 'siteWas' | 'position' | 'domainTitle' | 'because'
  >
>;

/** What a held record that is no registration asks for, in the fields that a desk reads. */
export async function heldAsks(
  { header, udid, payload }: StoredRecord,
  stores: Needs<'records' | 'domains'>,
): Promise<Asks> {
  const { org } = header;
  switch (header.typ) {
    case 'registration+jws':
      return {};
    case 'confirmation+jws':
      return { kind: 'confirmation' };
    case 'amendment+jws': {
      const said = parse(Amendment, payload);
      if (said === undefined) return { kind: 'amendment' };
      const { domain, place, because } = said;
      return {
        kind: 'amendment',
        ...(place.site === undefined ? {} : { site: place.site }),
        ...(place.position === undefined ? {} : { position: place.position }),
        ...(await titlesOf(org, { domain, site: place.site }, stores)),
        ...(because === undefined ? {} : { because }),
      };
    }
    case 'void+jws': {
      const said = parse(Void, payload);
      const of = said && (await stores.records.record(said.of));
      // Whatever a record names, only the organisation's own of the same device may be read for it.
      const isOwn = of?.header.org === org && of.udid === udid;
      const domain = isOwn ? (of.payload as { readonly domain?: unknown } | null)?.domain : undefined;
      const because = said?.because;
      return {
        kind: 'void',
        ...(typeof domain === 'string' && isDomainName(domain)
          ? { domain, ...(await titlesOf(org, { domain }, stores)) }
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
        ...(await titlesOf(org, { domain }, stores)),
      };
    }
    default:
      return {};
  }
}
