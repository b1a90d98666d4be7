import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Entitlement } from '../../../contract/entitlements.ts';
import type { Membership } from '../../../contract/operator.ts';
import type { SignedInPerson, SignIn } from '../../organisations/sign-in.ts';
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

export function setSession(reply: FastifyReply, token: string, expiresAt: string): void {
  reply.setCookie(COOKIE, token, { ...ATTRIBUTES, expires: new Date(expiresAt) });
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
