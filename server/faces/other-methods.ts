import type { FastifyInstance } from 'fastify';
import { ProblemError } from './problem.ts';

/** Routes that match every path, as those of files do: they do not show that a path exists. */
const CATCH_ALL: ReadonlySet<string> = new Set(['*', '/*']);

/**
 * Answers 405 if a path exists but does not support the method, with the methods that it supports (RFC 9110 section
 * 15.5.6); 404 would be wrong. Must be called before any route is added.
 */
export function refuseOtherMethods(app: FastifyInstance): void {
  const routes: { readonly path: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    if (!CATCH_ALL.has(url)) routes.push({ path: patternOf(url), methods: [method].flat() });
  });
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404 && !CATCH_ALL.has(request.routeOptions.url ?? '')) return;
    const path = request.url.split('?', 1)[0] ?? '';
    const taken = routes.flatMap((route) => (route.path.test(path) ? route.methods : []));
    if (taken.length === 0 || taken.includes(request.method)) return;
    reply.header('allow', [...new Set(taken)].sort().join(', '));
    throw new ProblemError('method_not_allowed');
  });
}

/** A route's path in Fastify's notation: `:name` stands for one segment, a last `*` for everything that follows. */
function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    );
  return new RegExp(`^${parts.join('/')}$`);
}
