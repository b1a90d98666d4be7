import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { extendStatementKeys, verifyStatement } from '../../core/statement.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';

/** What an event says, its signature verified. */
export interface Told {
  readonly jti: string;
  readonly aud: string;
  readonly kind: string;
  readonly said: Readonly<Record<string, unknown>>;
}

export interface EventReceiver {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly url: string;
  /** Tokens that came, in order, whatever they were answered. */
  readonly came: readonly string[];
  /** How the next ones are answered; 202 once it is used up. */
  readonly answers: ((response: ServerResponse) => void)[];
  /** Once so many came in all. */
  reached(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A real HTTP server that takes events as RFC 8935 has it. */
export async function startReceiver(tls?: {
  readonly cert: Buffer;
  readonly key: Buffer;
}): Promise<EventReceiver> {
  const came: string[] = [];
  const answers: ((response: ServerResponse) => void)[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.headers['content-type'] !== 'application/secevent+jwt') throw new Error('another media type');
    came.push(body);
    const answer = answers.shift() ?? ((to) => to.writeHead(202).end());
    answer(response);
    for (const { count, resolve } of waiting) if (came.length >= count) resolve();
  };
  const server = (tls === undefined ? createServer(take) : createTlsServer(tls, take)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    host,
    url: `${tls === undefined ? 'http' : 'https'}://${host}/hook`,
    came,
    answers,
    async reached(count) {
      if (came.length >= count) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ count, resolve });
      await promise;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(code, headers).end();
  };

/** Verifies a token as a receiver does: by the published statement keys, and nothing shared before. */
export async function readToken(base: string, token: string): Promise<Told> {
  const answer = await fetch(`${base}/api/statement-keys`);
  const keys = (await answer.json()) as { statementKeys: string[] };
  const first = JSON.parse(
    Buffer.from(keys.statementKeys[0]?.split('.')[1] ?? '', 'base64url').toString(),
  ) as { aud: string };
  const known = await extendStatementKeys(new Map(), keys.statementKeys, first.aud, nodeCrypto);
  const checked = await verifyStatement(token, 'secevent+jwt', known, nodeCrypto);
  if (!checked.ok) throw new Error(checked.reason);
  const payload = checked.payload as {
    iss: string;
    jti: string;
    aud: string;
    events: Record<string, object>;
  };
  if (payload.iss !== first.aud) throw new Error('another issuer');
  const [[name, said] = ['', {}], ...more] = Object.entries(payload.events);
  if (more.length > 0) throw new Error('one event a token');
  const kind = name.replace('urn:fieldbind:event:', '');
  return { jti: payload.jti, aud: payload.aud, kind, said: said as Record<string, unknown> };
}
