import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ProblemCode } from '../../contract/codes.ts';
import type { Problem } from '../../contract/problem.ts';
import { NotNow } from '../ports/not-now.ts';
import { Unavailable } from '../ports/unavailable.ts';

const STATUS: Record<ProblemCode, number> = {
  unauthenticated: 401,
  forbidden: 403,
  origin_refused: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_invalid: 400,
  too_large: 413,
  nonce_unknown: 409,
  proof_invalid: 400,
  conflict: 409,
  confirmation_needed: 403,
  passkey_unknown: 401,
  passkey_refused: 401,
  passkey_cloned: 401,
  invitation_unknown: 404,
  invitation_used: 410,
  invitation_over: 410,
  invitation_waits: 409,
  sign_in_again: 403,
  last_administrator: 409,
  own_request: 403,
  administrator_too_new: 403,
  several_organisations: 403,
  installation_administrator: 409,
  guessing_locked: 429,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
  rekey_not_allowed: 403,
  rekey_too_soon: 403,
  successor_waits: 409,
  csr_subject_mismatch: 400,
  key_weak: 400,
  key_type_not_allowed: 403,
  key_taken: 409,
  tombstoned: 403,
  voucher_missing: 403,
};

const TITLE: Record<ProblemCode, string> = {
  unauthenticated: 'Nobody is signed in',
  forbidden: 'Not allowed',
  origin_refused: 'The request came from another page',
  not_found: 'There is no such thing here',
  method_not_allowed: 'This cannot be called by that method',
  request_invalid: 'The request does not fit',
  too_large: 'The request is too large',
  nonce_unknown: 'The nonce is used up, too old, or not this session’s',
  proof_invalid: 'The proof does not hold',
  conflict: 'It contradicts what is there',
  confirmation_needed:
    'An administrator must confirm whoever asks first, since the database was put back to a copy',
  passkey_unknown: 'This passkey is nobody’s here, or has ended',
  passkey_refused: 'The passkey’s answer does not hold',
  passkey_cloned: 'There is a copy of this passkey, so it has ended',
  invitation_unknown: 'There is no such invitation',
  invitation_used: 'This invitation was used',
  invitation_over: 'This invitation has ended',
  invitation_waits: 'A second administrator must agree to this invitation first',
  sign_in_again: 'This asks for a sign-in of the last minutes',
  last_administrator: 'Nobody would be left who may say who belongs to the organisation',
  own_request: 'Four eyes: somebody else must agree',
  administrator_too_new:
    'Four eyes: whoever asks and whoever agrees must have been administrators for seven days, or for longer than the person',
  several_organisations:
    'This person works for other organisations too, so only an installation administrator may do this',
  installation_administrator:
    'This person answers for the whole installation, so only an installation administrator, or a command on the server, may do this',
  guessing_locked: 'Too many attempts failed here, so none is taken for a while',
  rate_limited: 'Too many requests',
  unavailable: 'Not available now',
  internal: 'Something went wrong here',
  rekey_not_allowed: 'Policy lets no device take another key here',
  rekey_too_soon: 'The key was changed less than a day ago',
  successor_waits: 'A successor waits to be shown',
  csr_subject_mismatch: 'The request names another device',
  key_weak: 'The key is too weak',
  key_type_not_allowed: 'Policy does not take this kind of key',
  key_taken: 'The key is or was in use',
  tombstoned: 'The key is revoked',
  voucher_missing: 'Nothing vouches for this key',
};

/** After how many seconds it is worth while to ask again where nothing can be done now. */
const NOT_NOW_SECONDS = 60;

/** The request itself failed. `detail` is for people, and never contains what was sent. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  /** Seconds after which a retry is worth while (RFC 9110 section 10.2.3). */
  readonly retryAfter: number | undefined;

  constructor(code: ProblemCode, detail = TITLE[code], retryAfter?: number) {
    super(detail);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

function problem(code: ProblemCode, detail: string): Problem {
  return { type: `urn:fieldbind:problem:${code}`, title: TITLE[code], status: STATUS[code], code, detail };
}

function send(reply: FastifyReply, code: ProblemCode, detail: string) {
  return reply
    .code(STATUS[code])
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .serializer(JSON.stringify)
    .send(problem(code, detail));
}

/** The one place where errors become words. An error that is not known to be harmless reveals nothing. */
export function translateErrors(app: FastifyInstance, onFault: (error: unknown) => void): void {
  app.setErrorHandler((error: FastifyError | ProblemError | Unavailable | NotNow, request, reply) => {
    if (error instanceof Unavailable) {
      // Whoever watches the database says so once; a line for each request would bury it.
      reply.header('retry-after', String(error.retryAfter));
      return send(reply, 'unavailable', TITLE.unavailable);
    }
    if (error instanceof ProblemError) {
      answered.set(request, error.code);
      if (error.retryAfter !== undefined) reply.header('retry-after', String(error.retryAfter));
      return send(reply, error.code, error.message);
    }
    if (error instanceof NotNow) {
      reply.header('retry-after', String(NOT_NOW_SECONDS));
      return send(reply, 'unavailable', TITLE.unavailable);
    }
    const code = codeOf(error);
    if (code === 'internal') onFault(error);
    return send(reply, code, TITLE[code]);
  });
}

const answered = new WeakMap<FastifyRequest, ProblemCode>();

/** The problem that a request was answered with, if it was one of ours. */
export function problemOf(request: FastifyRequest): ProblemCode | undefined {
  return answered.get(request);
}

function codeOf(error: FastifyError): ProblemCode {
  if (error.validation !== undefined) return 'request_invalid';
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'too_large';
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return 'request_invalid';
    default:
      // Fastify or the JSON parser found the body or path invalid; every other error is the server's.
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? 'request_invalid'
        : 'internal';
  }
}
