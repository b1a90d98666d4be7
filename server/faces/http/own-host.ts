import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../problem.ts';
import type { OwnOrigins } from './origin.ts';

/** Signed files, for everybody. Certificates name the address of their day, which verifiers ask by after it has changed. */
export const FOR_VERIFIERS = /^\/(?:crl|ca|ocsp)(?:\/|$)/;
/** Whoever watches over servers often asks by a bare address, and by HTTP/1.0 without a name. */
const FOR_WATCHERS: ReadonlySet<string> = new Set(['/metrics', '/healthz']);

/**
 * Refuses requests by a name that is not ours for all that tells anything: another page's name may resolve to this server
 * (DNS rebinding), and that page would read what it answers. No page has a bare address for its name without being ours. The
 * page's own files are the same for everybody, and say what to do to whoever came by an address that cannot work.
 */
export function demandOwnHost(app: FastifyInstance, own: () => OwnOrigins): void {
  app.addHook('onRequest', async ({ host, method, url: asked, routeOptions }) => {
    const { url = '' } = routeOptions;
    if (own().hosts.has(host) || FOR_VERIFIERS.test(url)) return;
    if (FOR_WATCHERS.has(url) ? isBare(host) : isPageFile(method, url, asked)) return;
    throw new ProblemError('origin_refused', 'This server answers by its own address only');
  });
}

function isPageFile(method: string, url: string, asked: string): boolean {
  return (
    (method === 'GET' || method === 'HEAD') && ![url, asked].some((path) => /^\/api(?:[/?]|$)/.test(path))
  );
}

/** An IP address, with or without a port; or nothing at all, which no browser sends. */
function isBare(host: string): boolean {
  const name = host.replace(/:\d*$/, '');
  return name === '' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}
