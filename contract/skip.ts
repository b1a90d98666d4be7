import { Integer, Object as Obj, type Static } from 'typebox/type';
import { REJECTION_CODES } from './codes.ts';
import { Digest, Instant, OneOf, RecordId, Words } from './scalars.ts';

/**
 * "Number `seq` of this chain is a record that the backend could not take." Signed like any record, so that a gap in the
 * numbers has a reason by the key that made it. The record itself stays on the phone.
 */
export const Skip = Obj(
  {
    id: RecordId,
    app: Words(32),
    capturedAt: Instant,
    of: RecordId,
    seq: Integer({ minimum: 1, maximum: 0xffffffff }),
    digest: Digest,
    code: OneOf(...REJECTION_CODES),
  },
  { additionalProperties: false },
);
export type Skip = Static<typeof Skip>;
