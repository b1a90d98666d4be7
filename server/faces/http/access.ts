import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Entitlement } from '../../../contract/entitlements.ts';
import type { Membership } from '../../../contract/operator.ts';
import { toBase64Url } from '../../../core/bytes.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { type Entered, latestEnd, type SignIn } from '../../accounts/sign-in.ts';
import type { SignedInPerson } from '../../ports/signed-in-person.ts';
import { ProblemError } from '../problem.ts';

/** `__Host-`: the cookie is sent only over TLS or on localhost, only to this host, for every path (RFC 6265bis section 4.1.3.2). */
const COOKIE = '__Host-fieldbind';
const ATTRIBUTES = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const;

/** The security schemes in the API's description (OpenAPI 3.1, Security Scheme Object). */
export const SECURITY_SCHEMES = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: COOKIE,
    description: 'By signing in. What changes something must come from our own page: header Origin.',
  },
  client: { type: 'http', scheme: 'bearer', description: 'The token of a machine client.' },
} as const;

/** What a caller of an operation must show; empty if anybody may call it. */
export function securityOf(
  to: Entitlement['to'],
): readonly { readonly [Name in keyof typeof SECURITY_SCHEMES]?: readonly string[] }[] {
  switch (to) {
    case 'anybody':
    case 'open':
      return [];
    case 'client':
      return [{ client: [] }];
    default:
      return [{ session: [] }];
  }
}

/** The cookie outlives each end that the server moves on by use; the server decides. */
export function setSession(reply: FastifyReply, { token, session }: Entered): void {
  reply.setCookie(COOKIE, token, { ...ATTRIBUTES, expires: new Date(latestEnd(session)) });
}

/** Names a browser for one ceremony of WebAuthn, so that a challenge which another one was given is worth nothing in it. */
const CEREMONY = '__Host-fieldbind-ceremony';
const CEREMONY_SECONDS = 600;

export function newCeremonyBrowser(reply: FastifyReply, crypto: Pick<CryptoPort, 'random'>): string {
  const browser = toBase64Url(crypto.random(32));
  reply.setCookie(CEREMONY, browser, { ...ATTRIBUTES, maxAge: CEREMONY_SECONDS });
  return browser;
}

/** Throws `nonce_unknown` where this browser was asked for nothing. */
export function ceremonyBrowser({ cookies }: FastifyRequest): string {
  const browser = cookies[CEREMONY];
  if (browser === undefined || browser.length > 64) throw new ProblemError('nonce_unknown');
  return browser;
}

export function clearSession(reply: FastifyReply): void {
  reply.clearCookie(COOKIE, ATTRIBUTES);
}

/** The signed-in person. Throws `unauthenticated`. */
export async function requireSession(request: FastifyRequest, signIn: SignIn): Promise<SignedInPerson> {
  const token = request.cookies[COOKIE];
  const session = token === undefined || token.length > 100 ? undefined : await signIn.find(token);
  if (session === undefined) throw new ProblemError('unauthenticated');
  return session;
}

/** The session's membership of an organisation, in one of `roles` where given. Throws `forbidden`. */
export function requireMembership(
  session: SignedInPerson,
  org: string,
  roles?: readonly Membership['role'][],
): Membership {
  const membership = session.memberships.find((one) => one.org === org);
  if (membership === undefined || (roles !== undefined && !roles.includes(membership.role))) {
    throw new ProblemError('forbidden');
  }
  return membership;
}
