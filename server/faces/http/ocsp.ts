import type { FastifyInstance, FastifyReply } from 'fastify';
import { fromBase64 } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import type { StatusAnswer } from '../../authority/va/responder.ts';
import type { HttpFace } from '../face.ts';
import { ProblemError } from '../problem.ts';

/** Size of a request about eight certificates, with a margin. */
const MAX_REQUEST = 2048;
/** As short as a CRL's (pki-files.ts), so that a revocation is seen soon. Seconds. */
const MAX_AGE = 60;

/** OCSP over HTTP (RFC 6960 appendix A): POST, and GET with the request in the path, which caches can store. */
export async function ocsp(app: FastifyInstance, installation: HttpFace): Promise<void> {
  await app.register(async (face) => {
    face.removeAllContentTypeParsers();
    face.addContentTypeParser(
      'application/ocsp-request',
      { parseAs: 'buffer', bodyLimit: MAX_REQUEST },
      (_request, body, done) => done(null, body),
    );
    face.post('/ocsp', { schema: { hide: true } }, async ({ body }, reply) => {
      if (!(body instanceof Uint8Array)) throw new ProblemError('request_invalid');
      return send(await installation.status.answer(body), reply, installation.clock);
    });
    face.get<{ Params: { '*': string } }>(
      '/ocsp/*',
      { schema: { hide: true } },
      async ({ params }, reply) => {
        const request = params['*'].length > MAX_REQUEST ? undefined : fromBase64(params['*']);
        if (request === undefined) throw new ProblemError('request_invalid');
        return send(await installation.status.answer(request), reply, installation.clock);
      },
    );
  });
}

function send({ der, signedAt, until }: StatusAnswer, reply: FastifyReply, clock: Clock): FastifyReply {
  reply.type('application/ocsp-response');
  if (signedAt === undefined || until === undefined) {
    return reply.header('cache-control', 'no-store').send(Buffer.from(der));
  }
  const left = Math.max(0, Math.floor((until - clock.now()) / 1000));
  return reply
    .header('cache-control', `public, max-age=${Math.min(MAX_AGE, left)}, no-transform, must-revalidate`)
    .header('last-modified', new Date(signedAt).toUTCString())
    .header('expires', new Date(until).toUTCString())
    .send(Buffer.from(der));
}
