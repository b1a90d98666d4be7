import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../problem.ts';

/** Origins whose page is ours, and whose names this server answers to. */
export interface OwnOrigins {
  readonly origins: ReadonlySet<string>;
  readonly hosts: ReadonlySet<string>;
}

export function ownOrigins(urls: readonly string[]): OwnOrigins {
  return {
    origins: new Set(urls.map((url) => new URL(url).origin)),
    hosts: new Set(urls.map((url) => new URL(url).host)),
  };
}

/**
 * A request that changes things must come from our own page: browsers say where it came from and no page can change
 * that (Fetch Metadata; RFC 6454). Every browser sends Origin with a POST, so a missing one is no browser of ours. What is
 * `open` reads no cookie and changes nothing, so it matters not whose page asks.
 */
export function checkOrigin(request: FastifyRequest, own: OwnOrigins, open = false): void {
  // A name that only resolves to us (DNS rebinding) would make another page same-origin.
  if (request.headers.host === undefined || !own.hosts.has(request.headers.host)) {
    throw new ProblemError('origin_refused');
  }
  if (open || request.method === 'GET' || request.method === 'HEAD') return;
  const { origin, cookie, authorization, 'sec-fetch-site': site } = request.headers;
  // A machine client names itself by a token that no browser adds by itself, and by nothing else.
  if (authorization !== undefined && cookie === undefined && origin === undefined && site === undefined)
    return;
  if (origin === undefined || !own.origins.has(origin)) throw new ProblemError('origin_refused');
  if (site !== undefined && site !== 'same-origin') throw new ProblemError('origin_refused');
}
