import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { EspClaimDevice, EspConnection } from './profiles/esp/esp-device.ts';
import { endpointsOf } from './profiles/esp/firmware.ts';

export interface ProtocommHttp {
  readonly at: number;
  close(): Promise<void>;
}

const LARGEST = 8 * 1024;

/**
 * protocomm's HTTP transport (components/protocomm/src/transports/protocomm_httpd.c): each endpoint is a path that takes a
 * POST, one session at a time, told by a cookie. Espressif's `esp_prov --transport softap --service_name 127.0.0.1:PORT`
 * talks to it.
 */
export async function serveProtocommHttp(device: EspClaimDevice, port: number): Promise<ProtocommHttp> {
  let session: { readonly id: string; readonly connection: EspConnection } | undefined;
  let work: Promise<unknown> = Promise.resolve();
  const server = createServer((request, response) => {
    const answering = work.then(async () => {
      const endpoint = endpointsOf(device.firmware).find(([name]) => request.url === `/${name}`)?.[0];
      const body = await bodyOf(request);
      if (request.method !== 'POST' || endpoint === undefined || body === undefined) {
        response.writeHead(404).end();
        return;
      }
      const told = /(?:^|;\s*)session=(\d+)/.exec(request.headers.cookie ?? '')?.[1];
      // A client that keeps no cookie goes on in the session there is, as with firmware before cookies.
      if (session === undefined || (told !== undefined && told !== session.id))
        session = { id: String(Math.floor(Math.random() * 1e9)), connection: device.connect() };
      const answer = await session.connection.request(endpoint, body);
      response.setHeader('Set-Cookie', `session=${session.id}`);
      if (answer === undefined) response.writeHead(500).end();
      else response.writeHead(200, { 'Content-Type': 'text/plain' }).end(answer);
    });
    // A client that goes away in the middle of its request ends that one; the next is answered all the same.
    work = answering.catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    at: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
