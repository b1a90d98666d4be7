import Fastify, { type FastifyInstance } from 'fastify';
import { boundConnections } from '../bound-connections.ts';
import type { HttpFace } from '../face.ts';
import { demandOneHost } from '../one-host.ts';
import { refuseOtherMethods } from '../other-methods.ts';
import { ProblemError, translateErrors } from '../problem.ts';
import { limitFetches } from './limit-fetches.ts';
import { ocsp } from './ocsp.ts';
import { pkiFiles } from './pki-files.ts';
import { sendToPublicUrl } from './plain-http.ts';

export interface PlainOptions {
  readonly installation: HttpFace;
  /** Most connections at a time. */
  readonly connections: number;
  readonly onFault: (error: unknown) => void;
}

/**
 * The listener without TLS, not yet listening: what verifiers fetch, which is signed; the answers to a CA that looks whether the
 * name is ours (RFC 8555 section 8.3); everybody else is sent to the public address.
 */
export async function buildPlainApp({
  installation,
  connections,
  onFault,
}: PlainOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: 4096,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
  });
  boundConnections(app.server, connections);
  translateErrors(app, onFault);
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
  });
  demandOneHost(app);
  limitFetches(app, installation.clock.steady);
  refuseOtherMethods(app);
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return sendToPublicUrl(request, reply, installation.publicUrl);
  });
  app.get<{ Params: { token: string } }>(
    '/.well-known/acme-challenge/:token',
    { schema: { hide: true } },
    async ({ params: { token } }, reply) => {
      const challenge = await installation.stores.acmeChallenges.challenge(token);
      if (challenge?.kind !== 'http-01') throw new ProblemError('not_found');
      return reply
        .type('application/octet-stream')
        .header('cache-control', 'no-store')
        .send(challenge.answer);
    },
  );
  pkiFiles(app, installation);
  await ocsp(app, installation);
  return app;
}
