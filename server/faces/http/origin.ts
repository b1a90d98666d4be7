import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../problem.ts';

/** Origins of our own page, and host names that this server answers to. */
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
 * Checks that a request which changes something comes from our own page. Browsers state its origin, and no page can
 * change that (Fetch Metadata; RFC 6454). Every browser sends Origin with a POST, so a request without it is not from
 * our page. An `open` operation reads no cookie and changes nothing, so any page may call it.
 */
export function checkOrigin(request: FastifyRequest, own: OwnOrigins, open = false): void {
  // Another page's name may resolve to this server (DNS rebinding), which would make that page same-origin.
  if (!own.hosts.has(request.host)) {
    throw new ProblemError('origin_refused');
  }
  if (open || request.method === 'GET' || request.method === 'HEAD') return;
  const { origin, cookie, authorization, 'sec-fetch-site': site } = request.headers;
  // A machine client shows only a token, which no browser adds by itself.
  if (authorization !== undefined && cookie === undefined && origin === undefined && site === undefined)
    return;
  if (origin === undefined || !own.origins.has(origin)) throw new ProblemError('origin_refused');
  if (site !== undefined && site !== 'same-origin') throw new ProblemError('origin_refused');
}
