import {
  Boolean as Flag,
  Integer,
  Array as List,
  Null,
  Object as Obj,
  type Static,
  String as Text,
  Union,
} from 'typebox/type';
import { REJECTION_CODES } from './codes.ts';
import { MAX_BATCH_RECORDS, MAX_RECORD_LENGTH } from './envelope.ts';
import { CompactJws, Digest, Instant, Maybe, OneOf, Uuid } from './scalars.ts';

const Nonce = Text({ pattern: '^[A-Za-z0-9_-]{16,64}$' });

/**
 * `POST /api/records`. `nonce` comes back in the answer: a captive portal cannot know it. `head` is the heartbeat:
 * the newest record of this phone's chain, sent or not, with what will still wait once this batch has arrived.
 */
export const BatchRequest = Obj(
  {
    batch: Uuid,
    nonce: Nonce,
    head: Union([
      Null(),
      Obj(
        {
          kid: Digest,
          seq: Integer({ minimum: 0 }),
          digest: Union([Digest, Null()]),
          epoch: Uuid,
          unsent: Integer({ minimum: 0 }),
          oldestUnsentAt: Maybe(Instant),
          persisted: Maybe(Flag()),
        },
        { additionalProperties: false },
      ),
    ]),
    records: List(CompactJws(MAX_RECORD_LENGTH), { maxItems: MAX_BATCH_RECORDS }),
  },
  { additionalProperties: false },
);
export type BatchRequest = Static<typeof BatchRequest>;

/**
 * One answer per record, in the order sent. `digest` is the server's own reading of the signing input, absent only
 * where the text is no JWS. `receipt` is there whenever the signature verified.
 */
export const RecordResult = Obj({
  digest: Union([Digest, Null()]),
  status: OneOf('received', 'duplicate', 'rejected'),
  code: Maybe(OneOf(...REJECTION_CODES)),
  receipt: Maybe(CompactJws(4096)),
});
export type RecordResult = Static<typeof RecordResult>;

export const BatchResponse = Obj({
  batch: Uuid,
  nonce: Nonce,
  at: Instant,
  results: List(RecordResult, { maxItems: MAX_BATCH_RECORDS }),
});
export type BatchResponse = Static<typeof BatchResponse>;
