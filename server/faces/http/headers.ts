import type { FastifyInstance } from 'fastify';

/** The page runs only our own scripts and wasm. One named policy creates worker URLs. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "media-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types fieldbind',
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'permissions-policy':
    'camera=(self), serial=(self), usb=(self), geolocation=(self), microphone=(), payment=()',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** RFC 6797. It covers this host alone, since other hosts below its name are not ours. */
const HSTS = { 'strict-transport-security': 'max-age=31536000' } as const;

/** Adds these headers to every answer, to errors and files too. */
export function strictHeaders(app: FastifyInstance, tls: boolean): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
    if (tls) reply.headers(HSTS);
  });
}
