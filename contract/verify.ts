import { Array as List, Object as Obj, type Static } from 'typebox/type';
import { TRUST_CHECKS, TRUST_FAULTS } from './codes.ts';
import { DomainName, Instant, Maybe, OneOf, Pem, Udid } from './scalars.ts';

/** Is this certificate to be trusted, for acting in this domain? `udid` where one certain device is meant. */
export const VerifyRequest = Obj(
  { certificate: Pem(8192), domain: DomainName, udid: Maybe(Udid) },
  { additionalProperties: false },
);
export type VerifyRequest = Static<typeof VerifyRequest>;

/** Tells nothing but what the certificate itself says, and whether that is still so. */
export const VerifyAnswer = Obj({
  verdict: OneOf('trusted', 'refused', 'undecided'),
  checks: List(
    Obj({
      check: OneOf(...TRUST_CHECKS),
      result: OneOf('passed', 'failed', 'not_checkable'),
      code: Maybe(OneOf(...TRUST_FAULTS)),
    }),
    { maxItems: TRUST_CHECKS.length },
  ),
  at: Instant,
});
export type VerifyAnswer = Static<typeof VerifyAnswer>;
