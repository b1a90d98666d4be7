import Fastify, { type FastifyInstance } from 'fastify';
import { boundConnections } from '../bound-connections.ts';
import type { HttpFace } from '../face.ts';
import { demandOneHost } from '../one-host.ts';
import { refuseOtherMethods } from '../other-methods.ts';
import { ProblemError, translateErrors } from '../problem.ts';
import { trustedProxies } from '../trusted-proxies.ts';
import { limitFetches } from './limit-fetches.ts';
import { ocsp } from './ocsp.ts';
import { pkiFiles } from './pki-files.ts';
import { sendToPublicUrl } from './plain-http.ts';

/** RFC 8555 section 8.3: base64url. */
const TOKEN = /^[A-Za-z0-9_-]{1,200}$/;

export interface PlainOptions {
  readonly installation: HttpFace;
  /** Most connections at a time. */
  readonly connections: number;
  readonly onFault: (error: unknown) => void;
  /** Addresses and ranges of proxies whose `X-Forwarded-For` is believed. */
  readonly proxies: readonly string[];
}

/**
 * The listener without TLS, not yet listening: what verifiers fetch, which is signed; the answers to a CA that looks whether the
 * name is ours (RFC 8555 section 8.3); everybody else is sent to the public address.
 */
export async function buildPlainApp({
  installation,
  connections,
  onFault,
  proxies,
}: PlainOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: 4096,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    trustProxy: proxies.length > 0 ? trustedProxies(proxies) : false,
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
      if (!TOKEN.test(token)) throw new ProblemError('not_found');
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
