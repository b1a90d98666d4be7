import {
  Boolean as Flag,
  Integer,
  Array as List,
  Object as Obj,
  type Static,
  String as Text,
} from 'typebox/type';
import { PublicJwk } from './public-jwk.ts';
import { ROLES } from './roles.ts';
import { Audience, CompactJws, Digest, Instant, Maybe, OneOf, OrgName, Uuid, Words } from './scalars.ts';

export const Role = OneOf(...ROLES);
export type Role = Static<typeof Role>;

export const OperatorId = Text({ pattern: '^[a-z][a-z0-9-]{0,62}$' });

export const Membership = Obj(
  { org: OrgName, title: Words(120), role: Role, training: Flag() },
  { additionalProperties: false },
);
export type Membership = Static<typeof Membership>;

/** Who is signed in on this browser. */
export const Session = Obj({
  operator: OperatorId,
  name: Words(120),
  aud: Audience,
  memberships: List(Membership, { minItems: 1, maxItems: 16 }),
  expiresAt: Instant,
  /** An installation administrator, who answers for what spans organisations. */
  installation: Maybe(Flag()),
});
export type Session = Static<typeof Session>;

/** A person one may sign in as, where the installation runs with demo people. */
export const DemoPerson = Obj({ operator: OperatorId, name: Words(120), role: Role, about: Words(200) });
export type DemoPerson = Static<typeof DemoPerson>;
export const SignInOptions = Obj({ demo: List(DemoPerson, { maxItems: 16 }) });
export type SignInOptions = Static<typeof SignInOptions>;
export const SignInRequest = Obj({ operator: OperatorId }, { additionalProperties: false });

export const EnrolChallenge = Obj({ nonce: Text({ pattern: '^[A-Za-z0-9_-]{43}$' }), expiresAt: Instant });
export type EnrolChallenge = Static<typeof EnrolChallenge>;

/** What the new operator key signs at enrolment (`typ` `enrol+jws`, the key itself as header `jwk`). */
export const EnrolProof = Obj(
  { aud: Audience, nonce: Text({ maxLength: 64 }), epoch: Uuid },
  { additionalProperties: false },
);
export const EnrolRequest = Obj({ proof: CompactJws(4096) }, { additionalProperties: false });

/** Capture credential: this key speaks for this operator, from, until, and this long without contact. */
export const Credential = Obj(
  {
    aud: Audience,
    kid: Digest,
    jwk: PublicJwk,
    operator: OperatorId,
    name: Words(120),
    memberships: List(Membership, { minItems: 1, maxItems: 16 }),
    notBefore: Instant,
    notAfter: Instant,
    maxOfflineSeconds: Integer({ minimum: 60 }),
    at: Instant,
  },
  { additionalProperties: false },
);
export type Credential = Static<typeof Credential>;

export const EnrolResponse = Obj({
  credential: CompactJws(8192),
  statementKeys: List(CompactJws(4096), { minItems: 1, maxItems: 64 }),
  previousKid: Maybe(Digest),
});
export type EnrolResponse = Static<typeof EnrolResponse>;
