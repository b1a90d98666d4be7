import { Amendment } from '../../../../contract/amendment.ts';
import type { HeldRecord } from '../../../../contract/approval.ts';
import { parse } from '../../../../contract/parse.ts';
import { DomainName, Maker } from '../../../../contract/scalars.ts';
import { SiteRecord } from '../../../../contract/site-record.ts';
import { Void } from '../../../../contract/void.ts';
import { isDomainName } from '../../../../core/name.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import type { Needs } from '../../../ports/stores.ts';
import { titlesOf } from './own-titles.ts';

type Asks = Partial<
  Pick<
    HeldRecord,
    'kind' | 'maker' | 'domain' | 'site' | 'siteTitle' | 'siteWas' | 'position' | 'domainTitle' | 'because'
  >
>;

/** What a held record that is no registration asks for, in the fields that a desk reads. */
export async function heldAsks(
  { header, udid, payload }: StoredRecord,
  stores: Needs<'records' | 'domains'>,
): Promise<Asks> {
  const { org } = header;
  const named = (id: string | undefined) => namedRecord(id, { org, udid }, stores);
  switch (header.typ) {
    case 'registration+jws':
      return {};
    case 'confirmation+jws':
      return { kind: 'confirmation' };
    case 'amendment+jws': {
      const said = parse(Amendment, payload);
      if (said === undefined) return { kind: 'amendment' };
      const { domain, place, because } = said;
      // The one that its author says, else the one whose registration it corrects.
      const maker = said.maker ?? (await named(said.registration)).maker;
      return {
        kind: 'amendment',
        ...(maker === undefined ? {} : { maker }),
        ...(place.site === undefined ? {} : { site: place.site }),
        ...(place.position === undefined ? {} : { position: place.position }),
        ...(await titlesOf(org, { domain, site: place.site }, stores)),
        ...(because === undefined ? {} : { because }),
      };
    }
    case 'void+jws': {
      const said = parse(Void, payload);
      const { maker, domain } = await named(said?.of);
      const because = said?.because;
      return {
        kind: 'void',
        ...(maker === undefined ? {} : { maker }),
        ...(domain === undefined ? {} : { domain, ...(await titlesOf(org, { domain }, stores)) }),
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

/**
 * Maker and domain of the device that another record is about. Whatever record somebody names, only the organisation's own of the
 * same device may be read for it.
 */
async function namedRecord(
  id: string | undefined,
  { org, udid }: { readonly org: string; readonly udid: string | null },
  { records }: Needs<'records'>,
): Promise<Pick<Asks, 'maker' | 'domain'>> {
  const of = id === undefined ? undefined : await records.record(id);
  if (of?.header.org !== org || of.udid !== udid) return {};
  const said = (of.payload ?? {}) as { readonly maker?: unknown; readonly domain?: unknown };
  const [maker, domain] = [parse(Maker, said.maker), parse(DomainName, said.domain)];
  return {
    ...(maker === undefined ? {} : { maker }),
    ...(domain === undefined || !isDomainName(domain) ? {} : { domain }),
  };
}
