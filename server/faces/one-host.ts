import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from './problem.ts';

/** Name or address and port (RFC 9112 section 3.2), of what DNS and URLs hold. An empty one says that there is none. */
const HOST = /^(?:(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?)?$/;

/**
 * Answers 400 to a request that names its host twice, unreadably, or otherwise in the target than in the header (RFC 9112
 * section 3.2): a proxy in front may have gone by the other one. Must be called before any route is added.
 */
export function demandOneHost(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (!namesOneHost(raw)) throw new ProblemError('request_invalid');
  });
}

export function namesOneHost({ rawHeaders, url = '' }: Pick<IncomingMessage, 'rawHeaders' | 'url'>): boolean {
  const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && isHost(rawHeaders[index - 1]));
  const [host = '', ...more] = hosts;
  if (more.length > 0 || !HOST.test(host)) return false;
  if (url.startsWith('/') || url === '*') return true;
  // The absolute form, which clients use towards proxies (section 3.2.2).
  const target = /^https?:\/\/([^/?#]*)(?:[/?#]|$)/i.exec(url)?.[1];
  return target !== undefined && target.toLowerCase() === host.toLowerCase();
}

const isHost = (name: string | undefined) => name?.toLowerCase() === 'host';
