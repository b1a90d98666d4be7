/** Why a CA gave no certificate. Closed: each code has its words below. */
export type AcmeFaultCode =
  | 'not_reached'
  | 'not_trusted'
  | 'timed_out'
  | 'busy'
  | 'rate_limited'
  | 'name_refused'
  | 'name_not_seen'
  | 'account_refused'
  | 'refused'
  | 'no_challenge'
  | 'hook_failed'
  | 'answer_unreadable'
  | 'answer_key'
  | 'answer_name'
  | 'answer_life';

const WORDS: Record<AcmeFaultCode, string> = {
  not_reached: 'the CA is not reached',
  not_trusted: 'the CA’s own certificate is not trusted (FIELDBIND_ACME_TRUST names a file with its root)',
  timed_out: 'the CA did not answer in time',
  busy: 'the CA cannot answer now',
  rate_limited: 'the CA takes no more for now, since it was asked too often',
  name_refused: 'the CA gives no certificate for this name',
  name_not_seen:
    'the CA could not see that the name is ours (DNS must lead here, and port 80 or 443 must be open from outside)',
  account_refused: 'the CA does not take this account',
  refused: 'the CA refused',
  no_challenge: 'the CA offers no challenge that is set here',
  hook_failed: 'the program in FIELDBIND_ACME_DNS_HOOK failed',
  answer_unreadable: 'the CA’s answer cannot be read',
  answer_key: 'the CA’s certificate is for another key',
  answer_name: 'the CA’s certificate is for another name',
  answer_life: 'the CA’s certificate is not valid now',
};

/** Problem types of RFC 8555 section 6.7, by what they mean here. */
const TYPES: Record<string, AcmeFaultCode> = {
  rateLimited: 'rate_limited',
  rejectedIdentifier: 'name_refused',
  unsupportedIdentifier: 'name_refused',
  caa: 'name_refused',
  connection: 'name_not_seen',
  dns: 'name_not_seen',
  incorrectResponse: 'name_not_seen',
  tls: 'name_not_seen',
  unauthorized: 'name_not_seen',
  accountDoesNotExist: 'account_refused',
  externalAccountRequired: 'account_refused',
  userActionRequired: 'account_refused',
  invalidContact: 'account_refused',
  unsupportedContact: 'account_refused',
  serverInternal: 'busy',
};

/** Longest piece of the CA's own words that is shown. */
const LONGEST = 300;
/** The same as server/faces/commands/visible.ts takes care of: what steers a terminal. */
const STEERS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu;

export class AcmeFault extends Error {
  override readonly name = 'AcmeFault';
  readonly code: AcmeFaultCode;
  /** What the CA wants to be left alone for, milliseconds. */
  readonly retryAfter: number | undefined;
  readonly #said: string | undefined;

  /** @param said the CA's own words, for whoever runs this server; never for the audit trail */
  constructor(code: AcmeFaultCode, said?: string, retryAfter?: number) {
    const shown = said?.replace(STEERS, ' ').slice(0, LONGEST).trim();
    super(shown ? `${WORDS[code]}; it says “${shown}”` : WORDS[code]);
    this.code = code;
    this.retryAfter = retryAfter;
    this.#said = shown;
  }

  /** The same, where it means something else. */
  of(code: AcmeFaultCode): AcmeFault {
    return new AcmeFault(code, this.#said, this.retryAfter);
  }
}

/** A problem document (RFC 9457) that a CA answered with. */
export function faultOfProblem(problem: unknown, retryAfter?: number): AcmeFault {
  const { type, detail } = (typeof problem === 'object' && problem !== null ? problem : {}) as {
    readonly type?: unknown;
    readonly detail?: unknown;
  };
  const name = typeof type === 'string' ? type.replace(/^urn:ietf:params:acme:error:/, '') : '';
  const code = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  return new AcmeFault(code ?? 'refused', typeof detail === 'string' ? detail : undefined, retryAfter);
}
