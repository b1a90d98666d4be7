import type { TlsOptions } from 'node:tls';
import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import { API, type ApiName } from '../../../contract/api.ts';
import { ENTITLEMENTS, type Entitlement } from '../../../contract/entitlements.ts';
import { MAX_BATCH_BYTES } from '../../../contract/envelope.ts';
import { clientOf } from '../../organisations/clients.ts';
import { boundConnections } from '../bound-connections.ts';
import { demandOneHost } from '../one-host.ts';
import { refuseOtherMethods } from '../other-methods.ts';
import { ProblemError, translateErrors } from '../problem.ts';
import { trustedProxies } from '../trusted-proxies.ts';
import { SECURITY_SCHEMES } from './access.ts';
import { accountHandlers } from './account-handlers.ts';
import { deskHandlers } from './desk-handlers.ts';
import { deviceHandlers } from './device-handlers.ts';
import { fieldHandlers } from './field-handlers.ts';
import { strictHeaders } from './headers.ts';
import { health } from './health.ts';
import { inflateBodies } from './inflate.ts';
import { installationHandlers } from './installation-handlers.ts';
import { limitFetches } from './limit-fetches.ts';
import { metrics } from './metrics.ts';
import { noticeHandlers } from './notice-handlers.ts';
import { ocsp } from './ocsp.ts';
import { operatorHandlers } from './operator-handlers.ts';
import { checkOrigin, type OwnOrigins } from './origin.ts';
import { demandOwnHost } from './own-host.ts';
import { pageFiles } from './page-files.ts';
import type { HttpParts } from './parts.ts';
import { peopleHandlers } from './people-handlers.ts';
import { phoneHandlers } from './phone-handlers.ts';
import { photoHandlers } from './photo-handlers.ts';
import { pkiFiles } from './pki-files.ts';
import { refusePlainHttp } from './plain-http.ts';
import { registerApi } from './routes.ts';
import { sessionHandlers } from './session-handlers.ts';
import { transferHandlers } from './transfer-handlers.ts';
import { verifyHandlers } from './verify-handlers.ts';

export interface AppOptions extends HttpParts {
  /** Folder of the built page. */
  readonly dist: string;
  readonly version: string;
  readonly own: () => OwnOrigins;
  /** Most connections at a time. */
  readonly connections: number;
  /** Certificate and key of this listener; undefined: it has no TLS. */
  readonly tls: TlsOptions | undefined;
  /** Addresses and ranges of proxies whose `X-Forwarded-` headers are believed. */
  readonly proxies: readonly string[];
}

const pathsFor = (wanted: Entitlement['to']): ReadonlySet<string> =>
  new Set(
    (Object.keys(API) as ApiName[]).flatMap((name) =>
      ENTITLEMENTS[name].to === wanted ? [API[name].path] : [],
    ),
  );
const OPEN = pathsFor('open');
const FOR_CLIENTS = pathsFor('client');

/** The whole HTTP face, not yet listening. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { tls } = options;
  const { publicUrl } = options.installation;
  const isTrusted = trustedProxies(options.proxies);
  const settings = {
    bodyLimit: MAX_BATCH_BYTES,
    requestTimeout: 60_000,
    // A closing server answers open requests and accepts no new ones.
    forceCloseConnections: 'idle' as const,
    routerOptions: { maxParamLength: 200 },
    trustProxy: options.proxies.length > 0 ? isTrusted : false,
  };
  const app = (
    tls === undefined ? Fastify(settings) : Fastify({ ...settings, https: tls })
  ) as FastifyInstance;
  boundConnections(app.server, options.connections);
  translateErrors(app, options.onFault);
  strictHeaders(app, tls !== undefined || publicUrl.startsWith('https:'));
  demandOneHost(app);
  refusePlainHttp(app, publicUrl, isTrusted);
  demandOwnHost(app, options.own);
  limitFetches(app, options.installation.clock.steady);
  refuseOtherMethods(app);
  inflateBodies(app);
  await app.register(cookie);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Fieldbind', version: options.version },
      components: { securitySchemes: SECURITY_SCHEMES },
    },
  });
  // This comes before the API's own context, which inherits only hooks that exist already.
  metrics(app, options);
  await app.register(async (api) => {
    api.addHook('onRequest', async (request) => {
      const path = request.routeOptions.url ?? '';
      // Without a token the origin is not checked: the answer must say that the token is missing.
      if (FOR_CLIENTS.has(path) && request.headers.authorization === undefined)
        throw new ProblemError('unauthenticated');
      checkOrigin(request, options.own(), OPEN.has(path));
    });
    api.addHook('onSend', async (request, reply) => {
      // RFC 9110 section 11.6.1 demands a scheme; HTTP has none for sessions.
      if (reply.statusCode === 401 && FOR_CLIENTS.has(request.routeOptions.url ?? ''))
        reply.header('www-authenticate', 'Bearer');
    });
    registerApi(
      api,
      {
        ...sessionHandlers(options),
        ...accountHandlers(options),
        ...peopleHandlers(options),
        ...installationHandlers(options),
        ...noticeHandlers(options),
        ...operatorHandlers(options),
        ...fieldHandlers(options),
        ...deskHandlers(options),
        ...deviceHandlers(options),
        ...transferHandlers(options),
        ...phoneHandlers(options),
        ...photoHandlers(options),
        ...verifyHandlers(options),
      },
      {
        signIn: options.signIn,
        isClient: async (authorization) =>
          (await clientOf(authorization, options.installation)) !== undefined,
        clock: options.installation.clock,
        access: options.access,
        onFault: options.onFault,
      },
    );
    api.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  });
  health(app, options.health);
  pkiFiles(app, options.installation);
  await ocsp(app, options.installation);
  await pageFiles(app, options.dist);
  return app;
}
