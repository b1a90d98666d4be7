import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Membership } from '../../../contract/operator.ts';
import type { SignedIn, SignIn } from '../../organisations/sign-in.ts';
import { ProblemError } from '../problem.ts';

/** `__Host-`: only over TLS or on localhost, only from this host, for every path (RFC 6265bis section 4.1.3.2). */
const COOKIE = '__Host-fieldbind';
const ATTRIBUTES = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const;

export function setSession(reply: FastifyReply, token: string, expiresAt: string): void {
  reply.setCookie(COOKIE, token, { ...ATTRIBUTES, expires: new Date(expiresAt) });
}

export function clearSession(reply: FastifyReply): void {
  reply.clearCookie(COOKIE, ATTRIBUTES);
}

/** Who is signed in. Throws `unauthenticated`. */
export async function requireSession(request: FastifyRequest, signIn: SignIn): Promise<SignedIn> {
  const token = request.cookies[COOKIE];
  const session = token === undefined || token.length > 100 ? undefined : await signIn.find(token);
  if (session === undefined) throw new ProblemError('unauthenticated');
  return session;
}

/** The session's membership of an organisation, in one of `roles` where given. Throws `forbidden`. */
export function requireMembership(
  session: SignedIn,
  org: string,
  roles?: readonly Membership['role'][],
): Membership {
  const membership = session.memberships.find((one) => one.org === org);
  if (membership === undefined || (roles !== undefined && !roles.includes(membership.role))) {
    throw new ProblemError('forbidden');
  }
  return membership;
}
