import type { ProxyOptions } from 'vite';

/** What the server answers; all else is the page's. A test holds it to the server's own list. */
export const PROXIED = '^/(?:api|crl|ca|ocsp|healthz|metrics|\\.well-known)(?:[/?]|$)';

/**
 * Hands requests on to the server under its own name. It refuses what another origin's page sends, so for our page, and for no
 * other, the origin is the server's too.
 */
export function proxyTo(backend: URL): ProxyOptions {
  return {
    target: backend.origin,
    changeOrigin: true,
    configure(proxy) {
      proxy.on('proxyReq', (onward, request) => {
        const { origin, host } = request.headers;
        if (origin !== undefined && origin === `http://${host}`) onward.setHeader('origin', backend.origin);
      });
    },
  };
}
