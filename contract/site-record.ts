import { Object as Obj, type Static } from 'typebox/type';
import { DomainName, Instant, Maybe, RecordId, SiteId, SiteTitle, Words } from './scalars.ts';

/**
 * Makes a site of a domain, or renames it. `was` is the title that it had by what the phone knew, absent for a new one: where
 * it has another title by now, or one to be renamed was closed, the record is refused as `site_conflict`. The same site made
 * twice is one site, and a closed one that is made is open again, with the title that it is given.
 */
export const SiteRecord = Obj(
  {
    id: RecordId,
    app: Words(32),
    capturedAt: Instant,
    domain: DomainName,
    site: SiteId,
    title: SiteTitle,
    was: Maybe(SiteTitle),
  },
  { additionalProperties: false },
);
export type SiteRecord = Static<typeof SiteRecord>;
