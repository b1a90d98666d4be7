import type { FastifyInstance } from 'fastify';
import type { Health } from '../../watch/health.ts';

/** For probes: 200, or 503 with the reasons. Who asks may be anybody, so it says nothing else. */
export function health(app: FastifyInstance, check: () => Promise<Health>): void {
  app.get('/healthz', { schema: { hide: true } }, async (_request, reply) => {
    const { causes } = await check();
    reply.header('cache-control', 'no-store');
    return causes.length === 0
      ? reply.send({ status: 'ok' })
      : reply.code(503).header('retry-after', '5').send({ status: 'failing', causes });
  });
}
