import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';

export interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}
export type Handler = (request: Seen, response: ServerResponse) => void;

/**
 * A real HTTP server that answers as told. The page asks its own origin by path alone; Node has none, so `fetch` gets
 * this server's before the path, and nothing else of it is changed.
 */
export function realServer() {
  const seen: Seen[] = [];
  let handler: Handler = (_, response) => response.end();
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method, url, headers } = request;
    const one = { method, url, headers, body: Buffer.concat(parts) };
    seen.push(one);
    handler(one, response);
  });
  let origin = '';

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { fetch } = globalThis;
    vi.stubGlobal('fetch', (path: string, init?: RequestInit) => fetch(origin + path, init));
  });
  afterEach(() => {
    seen.length = 0;
  });
  afterAll(() => {
    vi.unstubAllGlobals();
    server.closeAllConnections();
    server.close();
  });

  return {
    seen,
    answer(next: Handler): void {
      handler = next;
    },
    json(status: number, body: unknown, headers: Record<string, string> = {}): void {
      handler = (_, response) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(body));
      };
    },
    problem(status: number, code: string, headers: Record<string, string> = {}): void {
      const body = { type: 'about:blank', title: 'T', status, code, detail: 'why' };
      handler = (_, response) => {
        response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
        response.end(JSON.stringify(body));
      };
    },
  };
}
