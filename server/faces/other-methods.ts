import type { FastifyInstance } from 'fastify';
import { ProblemError } from './problem.ts';

/** What takes every path, as the page's files do: it says of no path that it is there. */
const CATCH_ALL: ReadonlySet<string> = new Set(['*', '/*']);

/**
 * Answers a call of a path that is there, by a method that it does not take, with 405 and those that it takes (RFC 9110
 * section 15.5.6): "there is no such thing" would be wrong. To be called before any route is made.
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

/** A route's path as Fastify writes it: `:name` stands for one segment, a last `*` for all that follows. */
function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    );
  return new RegExp(`^${parts.join('/')}$`);
}
