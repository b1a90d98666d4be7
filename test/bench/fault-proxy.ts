import { once } from 'node:events';
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';

/** What a request may meet on its way, each named as offline.md and docs/way.md do. */
export const FAULTS = [
  '503',
  '429',
  '401',
  '400',
  'portal',
  'reset',
  'stall',
  'answer lost',
  'answer cut',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultProxy {
  readonly port: number;
  readonly url: string;
  /** Asked for each request that changes something or fetches records; undefined lets it through. */
  fail(choose: ((path: string) => Fault | undefined) | undefined): void;
  /** Records that came a second time, as the server's answers said. */
  readonly resends: number;
  close(): Promise<void>;
}

/** Stands between browser and server and does to requests what the field does to them. */
export async function startFaultProxy(target: () => number): Promise<FaultProxy> {
  let choose: ((path: string) => Fault | undefined) | undefined;
  let resends = 0;
  const server = createServer((from, to) => {
    const fault = choose?.(from.url ?? '');
    // A browser that died took its socket along.
    from.on('error', () => undefined);
    to.on('error', () => undefined);
    if (fault === undefined) forward(from, to, target(), count);
    else fail(fault, from, to, target());
  });
  const count = (text: string) => {
    resends += text.split('"status":"duplicate"').length - 1;
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    url: `http://localhost:${address.port}`,
    fail(how) {
      choose = how;
    },
    get resends() {
      return resends;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function fail(fault: Fault, from: IncomingMessage, to: ServerResponse, port: number): void {
  const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
    from.resume().on('end', () => {
      to.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
      to.end(JSON.stringify({ type: 'about:blank', title: code, status, code, detail: code }));
    });
  switch (fault) {
    case '503':
      problem(503, 'unavailable', { 'retry-after': '1' });
      return;
    case '429':
      problem(429, 'rate_limited');
      return;
    case '401':
      problem(401, 'unauthenticated');
      return;
    case '400':
      problem(400, 'request_invalid');
      return;
    case 'portal':
      from.resume().on('end', () => {
        to.writeHead(200, { 'content-type': 'text/html' });
        to.end('<!doctype html><title>Welcome to the hotel</title>');
      });
      return;
    case 'reset':
      from.socket.resetAndDestroy();
      return;
    case 'stall':
      // Takes it all and never says anything; the server never hears of it.
      from.resume();
      return;
    case 'answer lost':
      send(from, to, port, (answer) => answer.resume().on('end', () => from.socket.destroy()));
      return;
    case 'answer cut':
      send(from, to, port, (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.once('data', (chunk: Buffer) => {
          to.write(chunk.subarray(0, chunk.length >> 1), () => from.socket.destroy());
        });
      });
  }
}

function forward(
  from: IncomingMessage,
  to: ServerResponse,
  port: number,
  count: (text: string) => void,
): void {
  send(from, to, port, (answer) => {
    if (from.url === '/api/records') {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => count(String(Buffer.concat(chunks))));
    }
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(to);
  });
}

function send(
  from: IncomingMessage,
  to: ServerResponse,
  port: number,
  onAnswer: (answer: IncomingMessage) => void,
): ClientRequest {
  const { method, url, headers } = from;
  const out = request({ host: '127.0.0.1', port, method, path: url, headers }, onAnswer);
  out.on('error', () => to.destroy());
  from.pipe(out);
  return out;
}
