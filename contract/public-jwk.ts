import { Literal, Object as Obj, type Static, String as Text } from 'typebox/type';

const Coordinate = Text({ pattern: '^[A-Za-z0-9_-]{43}$' });

/** Public P-256 key as JWK (RFC 7518 section 6.2); members beyond these are refused, a private part among them. */
export const PublicJwk = Obj(
  { kty: Literal('EC'), crv: Literal('P-256'), x: Coordinate, y: Coordinate },
  { additionalProperties: false },
);
export type PublicJwk = Static<typeof PublicJwk>;
