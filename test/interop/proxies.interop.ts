import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLS } from '../../server/faces/rate-limit.ts';
import { freePort } from '../support/free-port.ts';
import { type OwnProgram, startProgram } from '../support/own-program.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { type ServerPairs, serverPairs } from '../support/server-pairs.ts';
import { HOST } from '../support/tls-visit.ts';

let folder: string;
let pairs: ServerPairs;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-proxies-'));
  pairs = await serverPairs(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
interface Call {
  readonly from?: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The ports of a proxy, with and without TLS, and the address from which it speaks to the server. */
interface Front {
  readonly tls: number;
  readonly plain: number;
  readonly program: OwnProgram;
}

const agents = new Map<string, Agent>();
afterAll(() => {
  for (const agent of agents.values()) agent.destroy();
});

/** Asks by the public name, over TLS if a proxy's port for that is given, and from an address of this machine. */
function ask(port: number, path: string, secure: boolean, call: Call = {}): Promise<Asked> {
  const { from = '127.0.0.1', method = 'GET', body = '', headers = {} } = call;
  const agent =
    agents.get(from) ?? new Agent({ keepAlive: true, maxSockets: 8, ca: readFileSync(pairs.root) });
  agents.set(from, agent);
  const { promise, resolve, reject } = Promise.withResolvers<Asked>();
  const options = {
    host: '127.0.0.1',
    port,
    path,
    method,
    localAddress: from,
    headers: { host: HOST, ...headers },
  };
  const sent = secure ? request({ ...options, servername: HOST, agent }) : plainRequest(options);
  sent.once('response', (response) => {
    response.resume();
    response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
  });
  sent.once('error', reject).end(body);
  return promise;
}

/** What every proxy must bring about. `proxy`: the address from which it speaks. */
function behind(name: string, proxy: string, open: (upstream: number) => Promise<Front>): void {
  describe(`behind ${name}`, () => {
    let server: TestServer;
    let front: Front;
    beforeAll(async () => {
      server = await startTestServer({
        ...{ publicUrl: `https://${HOST}`, verifierUrl: `http://${HOST}`, proxies: [proxy] },
      });
      front = await open(server.running.port);
    });
    afterAll(async () => {
      await front?.program.stop();
      await closeFaultless(server);
    });
    const secure = (path: string, call?: Call) => ask(front.tls, path, true, call);

    it('people come in by the public address, with a cookie for TLS alone', async () => {
      const signIn = { method: 'POST', body: JSON.stringify({ operator: 'ines' }) };
      const as = (origin: string) => ({
        ...signIn,
        headers: { origin, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      });
      const { status, headers } = await secure('/api/sign-in', as(`https://${HOST}`));
      expect(status).toBe(200);
      expect(String(headers['set-cookie'])).toMatch(/^__Host-fieldbind=[^;]+;.*Secure/);
      expect(headers['strict-transport-security']).toBeDefined();
      const [cookie = ''] = String(headers['set-cookie']).split(';');
      expect((await secure('/api/session', { headers: { cookie } })).status).toBe(200);
      for (const origin of [`http://${HOST}`, 'https://evil.example'])
        expect([origin, (await secure('/api/sign-in', as(origin))).status]).toEqual([origin, 403]);
    });

    it('whoever comes without TLS is sent to it, but for verifiers', async () => {
      const { status, headers } = await ask(front.plain, '/records?x=1', false);
      expect([status, headers.location]).toEqual([308, `https://${HOST}/records?x=1`]);
      expect((await ask(front.plain, '/crl/northfield.crl', false)).status).toBe(200);
      expect((await ask(front.plain, '/ca/northfield.cer', false)).status).toBe(200);
    });

    it('each client has a limit of its own, whatever it says of itself', async () => {
      let n = 0;
      const one = () =>
        secure('/api/sign-in', {
          from: '127.0.0.9',
          headers: { 'x-forwarded-for': `203.0.113.${n++ % 250}`, 'x-real-ip': '203.0.113.7' },
        });
      const statuses: number[] = [];
      for (let sent = 0; sent <= CALLS.address; sent += 8)
        statuses.push(...(await Promise.all(Array.from({ length: 8 }, one))).map(({ status }) => status));
      expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(CALLS.address);
      expect((await one()).status).toBe(429);
      expect((await secure('/api/sign-in', { from: '127.0.0.10' })).status).toBe(200);
    });

    it('nobody else is believed', async () => {
      const { port } = server.running;
      const forged = {
        'x-forwarded-for': '203.0.113.9',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': HOST,
      };
      const headers = { ...forged, host: 'evil.example' };
      // From another address than the proxy's.
      expect((await ask(port, '/api/sign-in', false, { from: '127.0.0.77', headers })).status).toBe(403);
      const own = { ...forged, host: HOST };
      expect((await ask(port, '/api/sign-in', false, { from: '127.0.0.77', headers: own })).status).toBe(200);
    });
  });
}

behind('nginx', '127.0.0.5', async (upstream) => {
  const [tls, plain] = [await freePort(), await freePort()];
  const { certificateFile, keyFile } = await pairs.make('nginx', HOST);
  const at = join(folder, 'nginx');
  mkdirSync(at);
  const proxied = `
      location / {
        proxy_pass http://127.0.0.1:${upstream};
        proxy_bind 127.0.0.5;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $host;
      }`;
  writeFileSync(
    join(at, 'nginx.conf'),
    `daemon off; pid ${at}/pid; error_log stderr warn; worker_processes 1;
events { worker_connections 200; }
http {
  access_log off;
  client_body_temp_path ${at}/body; proxy_temp_path ${at}/proxy; fastcgi_temp_path ${at}/f;
  uwsgi_temp_path ${at}/u; scgi_temp_path ${at}/s;
  server { listen 127.0.0.1:${tls} ssl; server_name ${HOST};
      ssl_certificate ${certificateFile}; ssl_certificate_key ${keyFile};${proxied}
  }
  server { listen 127.0.0.1:${plain}; server_name ${HOST};${proxied}
  }
}
`,
  );
  const words = ['-p', at, '-c', join(at, 'nginx.conf')];
  return {
    tls,
    plain,
    program: await startProgram('nginx', words, { debian: 'nginx-light', ports: [tls, plain] }),
  };
});

behind('Caddy', '127.0.0.1', async (upstream) => {
  const [tls, plain] = [await freePort(), await freePort()];
  const { certificateFile, keyFile } = await pairs.make('caddy', HOST);
  const at = join(folder, 'caddy');
  mkdirSync(at);
  writeFileSync(
    join(at, 'Caddyfile'),
    `{
  admin off
  auto_https off
  storage file_system ${at}
}
https://${HOST}:${tls} {
  bind 127.0.0.1
  tls ${certificateFile} ${keyFile}
  reverse_proxy 127.0.0.1:${upstream}
}
http://${HOST}:${plain} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstream}
}
`,
  );
  const words = ['run', '--adapter', 'caddyfile', '--config', join(at, 'Caddyfile')];
  const env = { HOME: at, XDG_DATA_HOME: at, XDG_CONFIG_HOME: at };
  return {
    tls,
    plain,
    program: await startProgram('caddy', words, { debian: 'caddy', ports: [tls, plain], env }),
  };
});
