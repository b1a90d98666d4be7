import { Object as Obj, type Static } from 'typebox/type';
import { Instant, Maybe, OneOf, RecordId, Udid, Words } from './scalars.ts';

/**
 * Takes back a registration or a move: its author may, and the desk. The RA decides: while nothing was confirmed, collected or
 * shown, the binding ends (or the device stands where it stood before the move). The voided record stays in the chain.
 */
export const Void = Obj(
  {
    id: RecordId,
    app: Words(32),
    capturedAt: Instant,
    of: RecordId,
    udid: Udid,
    reason: OneOf('undone', 'wrong_device', 'wrong_place'),
    because: Maybe(Words(300)),
  },
  { additionalProperties: false },
);
export type Void = Static<typeof Void>;
