import { Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { FastifyInstance, RequestPayload } from 'fastify';
import { MAX_BATCH_BYTES } from '../../../contract/envelope.ts';
import { ProblemError } from '../problem.ts';

/**
 * Accepts gzip bodies. The size limit holds for the compressed bytes, and again for the inflated ones, which are
 * counted while they are inflated: a zip bomb is cut off at the limit and never kept in memory.
 */
export function inflateBodies(app: FastifyInstance): void {
  app.addHook('preParsing', async (request, _reply, payload) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') return payload;
    if (encoding !== 'gzip') throw new ProblemError('request_invalid', 'Only gzip is taken');
    return inflated(payload);
  });
}

function inflated(payload: RequestPayload): RequestPayload {
  let arrived = 0;
  let came = 0;
  const before = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      arrived += chunk.length;
      out.receivedEncodedLength = arrived;
      done(arrived > MAX_BATCH_BYTES ? new ProblemError('too_large') : null, chunk);
    },
  });
  const after: Transform & { receivedEncodedLength?: number } = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      came += chunk.length;
      done(came > MAX_BATCH_BYTES ? new ProblemError('too_large') : null, chunk);
    },
  });
  const out: RequestPayload = after;
  const gunzip = createGunzip({ chunkSize: 16 * 1024 });
  const source = payload instanceof Readable ? payload : Readable.from(payload);
  const fail = (error: Error) => {
    gunzip.destroy();
    after.destroy(error);
  };
  source.on('error', fail);
  before.on('error', fail);
  gunzip.on('error', () => fail(new ProblemError('request_invalid', 'The body is not gzip')));
  after.on('error', () => gunzip.destroy());
  source.pipe(before).pipe(gunzip).pipe(after);
  return out;
}
