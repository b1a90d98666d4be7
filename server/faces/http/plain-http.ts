import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { FOR_VERIFIERS } from './own-host.ts';

/** RFC 9110 section 15.4.9: the method stays. The target is ours, whatever host the client named. */
export function sendToPublicUrl(
  request: FastifyRequest,
  reply: FastifyReply,
  publicUrl: string,
): FastifyReply {
  const { origin } = new URL(publicUrl);
  const asked = URL.parse(request.url, origin);
  return reply.redirect(asked === null ? `${origin}/` : `${origin}${asked.pathname}${asked.search}`, 308);
}

/**
 * Sends whoever came to a proxy without TLS to the public address. A proxy says so by X-Forwarded-Proto, which is believed from
 * a trusted one alone; whoever reaches this port otherwise is on this machine, and stays.
 */
export function refusePlainHttp(
  app: FastifyInstance,
  publicUrl: string,
  isTrusted: (address: string) => boolean,
): void {
  if (!publicUrl.startsWith('https:')) return;
  app.addHook('onRequest', async (request, reply) => {
    const { protocol, headers, routeOptions, socket } = request;
    const isForwarded = headers['x-forwarded-proto'] !== undefined && isTrusted(socket.remoteAddress ?? '');
    if (!isForwarded || protocol !== 'http' || FOR_VERIFIERS.test(routeOptions.url ?? '')) return;
    return sendToPublicUrl(request, reply, publicUrl);
  });
}
