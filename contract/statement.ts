import { Integer, Literal, Null, Object as Obj, type Static, Union } from 'typebox/type';
import { PublicJwk } from './public-jwk.ts';
import { Audience, Digest, Instant, Maker, OneOf, OrgName, RecordId, Udid } from './scalars.ts';

/** What the statement key signs; never a record, never a certificate. */
export const STATEMENT_TYPES = [
  'receipt+jws',
  'credential+jws',
  'pack+jws',
  'list+jws',
  'statement-key+jws',
  'statement-key-end+jws',
  'rescue-key+jws',
  'photo+jws',
  'audit-seal+jws',
  'era+jws',
  'anchor+jws',
  'trail-extract+jws',
  'secevent+jwt',
] as const;
export type StatementType = (typeof STATEMENT_TYPES)[number];

export const StatementHeader = Obj(
  { alg: Literal('ES256'), typ: OneOf(...STATEMENT_TYPES), v: Literal(1), kid: Digest },
  { additionalProperties: false },
);
export type StatementHeader = Static<typeof StatementHeader>;

/** A statement key, signed by its predecessor; the first signs itself and is pinned at enrolment. */
export const StatementKey = Obj(
  { aud: Audience, kid: Digest, jwk: PublicJwk, from: Instant },
  { additionalProperties: false },
);
export type StatementKey = Static<typeof StatementKey>;

/**
 * The end of a statement key, signed by a later one. What the ended key signed counts from then on only if it has its place
 * in the audit trail up to `seal`: its number and digest.
 */
export const StatementKeyEnd = Obj(
  {
    aud: Audience,
    kid: Digest,
    end: Instant,
    seal: Obj({ n: Integer({ minimum: 1 }), digest: Digest }, { additionalProperties: false }),
  },
  { additionalProperties: false },
);
export type StatementKeyEnd = Static<typeof StatementKeyEnd>;

/** "The backend has it": without one that verifies, nothing leaves the outbox. */
export const Receipt = Obj(
  {
    aud: Audience,
    id: RecordId,
    digest: Digest,
    kid: Digest,
    seq: Integer({ minimum: 1 }),
    status: OneOf('received', 'rejected'),
    at: Instant,
  },
  { additionalProperties: false },
);
export type Receipt = Static<typeof Receipt>;

/**
 * What an extract of the audit trail holds: each entry within its scope up to `seal`, in number and by the digest of their
 * places and hashes. `subjects`: digest of the names that entries about a device go by, where it is about one.
 */
export const TrailExtract = Obj(
  {
    aud: Audience,
    org: Union([OrgName, Null()]),
    device: Union([Obj({ maker: Maker, udid: Udid }, { additionalProperties: false }), Null()]),
    subjects: Digest,
    seal: Obj({ n: Integer({ minimum: 1 }), digest: Digest }, { additionalProperties: false }),
    entries: Integer({ minimum: 0 }),
    digest: Digest,
    at: Instant,
  },
  { additionalProperties: false },
);
export type TrailExtract = Static<typeof TrailExtract>;
