import { Array as List, Literal, Object as Obj, type Static, String as Text } from 'typebox/type';
import { MAX_BATCH_RECORDS, MAX_RECORD_LENGTH } from './envelope.ts';
import { PublicJwk } from './public-jwk.ts';
import { Audience, CompactJws, Instant } from './scalars.ts';

/**
 * A rescue file carries records of a phone that cannot send to any colleague's phone. Each of its lines is one part: a
 * JWE (RFC 7516, ECDH-ES with A256GCM) to the backend's rescue key, so that whoever carries it cannot read it. What is
 * inside proves itself by its own signatures.
 */
export const RESCUE_FILE = 'fieldbind-rescue 1';
/** Characters of one part; a request carries one. */
export const MAX_PART_LENGTH = 220 * 1024;
/** Characters of the records in one part: base64url and the answer's receipts grow it by a third and more. */
export const MAX_PART_RECORDS_LENGTH = 150 * 1024;

export const RescuePart = Obj(
  {
    part: Text({
      maxLength: MAX_PART_LENGTH,
      pattern: '^[A-Za-z0-9_-]+\\.\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$',
    }),
  },
  { additionalProperties: false },
);
export const RescueHeader = Obj(
  { alg: Literal('ECDH-ES'), enc: Literal('A256GCM'), epk: PublicJwk },
  { additionalProperties: false },
);
/** What a part says once it is opened. */
export const RescueContent = Obj(
  { records: List(CompactJws(MAX_RECORD_LENGTH), { minItems: 1, maxItems: MAX_BATCH_RECORDS }) },
  { additionalProperties: false },
);

/** `rescue-key+jws`: the key that rescue files are sealed to, signed by the statement key. */
export const RescueKey = Obj({ aud: Audience, jwk: PublicJwk, at: Instant }, { additionalProperties: false });
export type RescueKey = Static<typeof RescueKey>;
export const RescueKeyAnswer = Obj({ rescueKey: CompactJws(4096) });
