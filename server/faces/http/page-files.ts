import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import serveStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../problem.ts';

const NOT_BUILT = `The page is not built yet.

Run "npm start" in the project's folder: it builds what is missing and starts this server again.
The API answers already; see /api/openapi.json and /healthz.
`;

/** A file with a content hash in its name never changes. */
const HASHED = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
const FACES = /^\/(?:api|crl|ca|ocsp|healthz|metrics|\.well-known)(?:\/|$)/;

/** Serves the app: files of `dist`, and index.html for every path that is one of its screens. */
export async function pageFiles(app: FastifyInstance, dist: string): Promise<void> {
  const built = existsSync(join(dist, 'index.html'));
  if (built) {
    await app.register(serveStatic, {
      root: dist,
      index: 'index.html',
      // Dot files beside the page are notes of the build.
      dotfiles: 'ignore',
      cacheControl: false,
      // The build put each file's brotli and gzip beside it (tools/compress-page.ts).
      preCompressed: true,
      schemaHide: true,
      setHeaders(reply, path) {
        const fixed = path.includes('/assets/') && HASHED.test(basename(path.replace(/\.(?:br|gz)$/, '')));
        reply.header('cache-control', fixed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const accepts = request.headers.accept ?? '';
    const screen =
      request.method === 'GET' &&
      !FACES.test(path) &&
      !basename(path).includes('.') &&
      (accepts.includes('text/html') || path === '/');
    if (!screen) throw new ProblemError('not_found');
    if (!built) return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT);
    return reply.header('cache-control', 'no-cache').sendFile('index.html');
  });
}
