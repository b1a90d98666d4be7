import { Boolean as Flag, Integer, Array as List, Object as Obj, type Static } from 'typebox/type';
import { Audience, Base64Url, CompactJws, Digest, Instant, Maybe, OrgName, RecordId } from './scalars.ts';

/** What a phone makes of a picture is about a third of this. */
export const MAX_PHOTO_BYTES = 1024 * 1024;
/** Bytes of one part: with what base64url adds, half of what a request may be. */
export const PHOTO_PART_BYTES = 96 * 1024;
export const MAX_PHOTOS = 3;

/**
 * `POST /api/photos`. One part of a photo that a received record names. Its place must be where the backend stands, else
 * nothing is kept; the answer says where that is, so an empty part only asks.
 */
export const PhotoPart = Obj(
  {
    record: RecordId,
    digest: Digest,
    offset: Integer({ minimum: 0, maximum: MAX_PHOTO_BYTES }),
    data: Base64Url(Math.ceil((PHOTO_PART_BYTES * 4) / 3)),
  },
  { additionalProperties: false },
);
export type PhotoPart = Static<typeof PhotoPart>;

/** `kept` once all of it is here and its digest is the record's: until then the phone keeps its own. */
export const PhotoProgress = Obj({
  digest: Digest,
  have: Integer({ minimum: 0 }),
  kept: Maybe(CompactJws(4096)),
});
export type PhotoProgress = Static<typeof PhotoProgress>;

/** `photo+jws`: the backend has these bytes, durably. */
export const PhotoKept = Obj(
  { aud: Audience, org: OrgName, digest: Digest, bytes: Integer({ minimum: 1 }), at: Instant },
  { additionalProperties: false },
);
export type PhotoKept = Static<typeof PhotoKept>;

/** Photos that a record names, and which of them have come. */
export const PhotosOfRecord = Obj({
  photos: List(Obj({ digest: Digest, bytes: Integer({ minimum: 1 }), here: Flag() }), {
    maxItems: MAX_PHOTOS,
  }),
});
export type PhotosOfRecord = Static<typeof PhotosOfRecord>;

/** As text, so that nothing that was uploaded is ever a file of our origin. */
export const PhotoAnswer = Obj({ data: Base64Url(Math.ceil((MAX_PHOTO_BYTES * 4) / 3)) });
