import type { FastifyInstance } from 'fastify';
import { API, type Operation } from '../../../contract/api.ts';
import type { Clock } from '../../../core/clock.ts';
import { addressName, CALLS, rateLimit } from '../rate-limit.ts';

/** Operations of the API have limits of their own (routes.ts). */
const OPERATIONS: ReadonlySet<string> = new Set(Object.values<Operation>(API).map(({ path }) => path));
/** Counted apart, so that who floods one of them takes none of the others from whoever shares their address. */
const APART: ReadonlySet<string> = new Set(['ocsp', 'crl', 'ca', 'metrics', 'api']);

/**
 * Bounds what one address may fetch: lists, certificates, OCSP answers, files of the page, and what is not there.
 * `/healthz` is left out: whoever starts servers anew when it fails often has the address of a proxy, which floods share.
 */
export function limitFetches(app: FastifyInstance, clock: Clock, most: number = CALLS.fetches): void {
  const limit = rateLimit(most, clock);
  app.addHook('onRequest', async ({ ip, url, routeOptions }) => {
    if (OPERATIONS.has(routeOptions.url ?? '') || routeOptions.url === '/healthz') return;
    const first = /^\/([a-z]+)(?=[/?]|$)/.exec(url)?.[1] ?? '';
    limit(`${addressName(ip)} ${APART.has(first) ? first : 'page'}`);
  });
}
