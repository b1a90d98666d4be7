import { Object as Obj, type Static } from 'typebox/type';
import { Location } from './registration.ts';
import { Digest, DomainName, Instant, Maker, Maybe, RecordId, SiteId, Udid, Words } from './scalars.ts';

/**
 * Corrects site and position of a device within its domain. `base` is the digest (core/place.ts) of the place that it corrects:
 * where another place stands by now, it is refused as `place_conflict`, and a person decides between the two. Absent site or
 * position: there is none. Another domain takes a move, which is a registration.
 */
export const Amendment = Obj(
  {
    id: RecordId,
    app: Words(32),
    capturedAt: Instant,
    /** The record by which the device stands there: its registration, or its move. */
    registration: RecordId,
    maker: Maybe(Maker),
    udid: Udid,
    domain: DomainName,
    base: Digest,
    place: Obj(
      { site: Maybe(SiteId), position: Maybe(Words(200)), location: Maybe(Location) },
      { additionalProperties: false },
    ),
    because: Maybe(Words(300)),
  },
  { additionalProperties: false },
);
export type Amendment = Static<typeof Amendment>;
