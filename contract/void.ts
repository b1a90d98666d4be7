import { Object as Obj, type Static } from 'typebox/type';
import { Instant, OneOf, RecordId, Udid, Words } from './scalars.ts';

/** Takes back a record of the same operator. The voided record stays in the chain. */
export const Void = Obj(
  {
    id: RecordId,
    app: Words(32),
    capturedAt: Instant,
    of: RecordId,
    udid: Udid,
    reason: OneOf('undone', 'wrong_device', 'wrong_place'),
  },
  { additionalProperties: false },
);
export type Void = Static<typeof Void>;
