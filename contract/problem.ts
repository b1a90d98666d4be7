import { Integer, Object as Obj, type Static } from 'typebox/type';
import { PROBLEM_CODES } from './codes.ts';
import { OneOf, Words } from './scalars.ts';

/** Problem document (RFC 9457), media type `application/problem+json`. `detail` is for people and holds no secret. */
export const Problem = Obj({
  type: Words(256),
  title: Words(256),
  status: Integer(),
  code: OneOf(...PROBLEM_CODES),
  detail: Words(1024),
});
export type Problem = Static<typeof Problem>;
