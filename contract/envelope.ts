import { Integer, Literal, Null, Object as Obj, type Static, Union } from 'typebox/type';
import { Audience, Digest, OneOf, OrgName, Uuid } from './scalars.ts';

/** Kinds of record, each with its own `typ`, so that no signature can be taken for another kind's. */
export const RECORD_TYPES = [
  'registration+jws',
  'confirmation+jws',
  'amendment+jws',
  'void+jws',
  'release+jws',
  'transfer+jws',
  'skip+jws',
  'site+jws',
] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/**
 * Protected header of a record (RFC 7515). `kid` is the operator key's JWK thumbprint (RFC 7638); `seq` and `prev`
 * chain the records of one operator key; `epoch` names the phone's storage; `anchor` is the digest of the newest
 * server-signed statement the phone held, and so proves a not-before.
 */
export const RecordHeader = Obj(
  {
    alg: Literal('ES256'),
    typ: OneOf(...RECORD_TYPES),
    v: Literal(1),
    kid: Digest,
    aud: Audience,
    org: OrgName,
    seq: Integer({ minimum: 1, maximum: 0xffffffff }),
    prev: Union([Digest, Null()]),
    epoch: Uuid,
    anchor: Digest,
  },
  { additionalProperties: false },
);
export type RecordHeader = Static<typeof RecordHeader>;

/** One record's JWS, in characters: photos travel apart, so this is generous. */
export const MAX_RECORD_LENGTH = 48 * 1024;
export const MAX_BATCH_RECORDS = 100;
export const MAX_BATCH_BYTES = 256 * 1024;
