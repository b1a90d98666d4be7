import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'vite';

export interface DevicePageServer {
  readonly origin: string;
  close(): Promise<void>;
}

const PAGE =
  '<!doctype html><title>devices</title><button id=ask>ask</button><script type=module src=/page.js></script>';

/** Serves device-page.ts, bundled by Vite as the app is, on a free port of localhost. */
export async function serveDevicePage(): Promise<DevicePageServer> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: { entry: join(import.meta.dirname, 'device-page.ts'), formats: ['es'], fileName: 'page' },
    },
  });
  const outputs = Array.isArray(result)
    ? result.flatMap((one) => one.output)
    : 'output' in result
      ? result.output
      : [];
  const script = outputs.find((file) => file.type === 'chunk')?.code ?? '';
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : PAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://localhost:${address.port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
