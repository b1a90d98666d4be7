import type { FastifyInstance } from 'fastify';
import { toPem } from '../../../core/pem.ts';
import { liveOnes } from '../../ports/authorities.ts';
import { parseIssuerName } from '../../ports/ca-names.ts';
import type { ServerClock } from '../../ports/server-clock.ts';
import { pemOf } from '../../x509/pem-of.ts';
import type { HttpFace } from '../face.ts';
import { ProblemError } from '../problem.ts';

const HIDDEN = { schema: { hide: true } } as const;

/** Files that verifiers download without signing in: CRLs, CA certificates, trust bundles. */
export function pkiFiles(app: FastifyInstance, installation: HttpFace): void {
  const { stores, lists, clock, crypto } = installation;

  app.get<{ Params: { file: string } }>('/crl/:file', HIDDEN, async ({ params, headers }, reply) => {
    const issuer = parseIssuerName(stem(params.file, '.crl'));
    const crl = issuer && (await lists.current(issuer));
    if (crl === undefined) throw new ProblemError('not_found');
    // RFC 9110 section 8.8.3: a tag names one representation. A number may come twice in a database that was put back.
    const etag = `"${await crypto.digest(crl.der)}"`;
    reply
      .header('etag', etag)
      .header('last-modified', new Date(crl.thisUpdate).toUTCString())
      // A short lifetime, so that a revocation is seen soon, and never beyond the CRL's own end (RFC 5280 section 5.1.2.5).
      .header('cache-control', `public, max-age=${maxAge(crl.nextUpdate, clock)}`);
    if (headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('application/pkix-crl').send(Buffer.from(crl.der));
  });

  app.get<{ Params: { file: string } }>('/ca/:file', HIDDEN, async ({ params }, reply) => {
    const authority = await stores.authorities.authority(stem(params.file, '.cer'));
    if (authority === undefined) throw new ProblemError('not_found');
    return reply
      .type('application/pkix-cert')
      .header('cache-control', 'public, max-age=86400')
      .send(Buffer.from(authority.certificate));
  });

  app.get<{ Params: { org: string } }>('/ca/:org/bundle.pem', HIDDEN, async ({ params }, reply) => {
    // A root belongs to no organisation and is in no bundle: it would let one organisation's devices pass for another's.
    const bundle = await installation.ca.bundle(params.org);
    if (bundle.length === 0) throw new ProblemError('not_found');
    return reply
      .type('application/x-pem-file')
      .header('cache-control', 'public, max-age=3600')
      .send(pemOf(bundle));
  });

  // For whoever trusts a root above the organisation, ours or not. A bundle holds neither, since both sign others too.
  app.get<{ Params: { org: string } }>('/ca/:org/chain.pem', HIDDEN, async ({ params }, reply) => {
    const generations = await stores.authorities.ofOrg(params.org);
    const chain = liveOnes(generations, clock.now()).flatMap(({ certificate, above = [] }) => [
      certificate,
      ...above,
    ]);
    if (chain.length === 0) throw new ProblemError('not_found');
    return reply
      .type('application/x-pem-file')
      .header('cache-control', 'public, max-age=3600')
      .send(pemOf(chain));
  });

  app.get<{ Params: { org: string } }>('/ca/:org/crls.pem', HIDDEN, async ({ params }, reply) => {
    const all = await lists.ofOrg(params.org);
    if (all === undefined) throw new ProblemError('not_found');
    const age = Math.min(...all.map(({ nextUpdate }) => maxAge(nextUpdate, clock)));
    return reply
      .type('application/x-pem-file')
      .header('cache-control', `public, max-age=${age}`)
      .send(all.map(({ der }) => toPem('X509 CRL', der)).join(''));
  });
}

function stem(file: string, ending: string): string {
  if (!file.endsWith(ending)) throw new ProblemError('not_found');
  return file.slice(0, -ending.length);
}

/** Nobody keeps what is given out while the clock is not believed. */
function maxAge(nextUpdate: string, clock: ServerClock): number {
  if (clock.doubt() !== undefined) return 0;
  const now = clock.now();
  return Math.max(0, Math.min(60, Math.floor((Date.parse(nextUpdate) - now) / 1000)));
}
