import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AcmeConfig } from '../../server/config/public-address.ts';
import type { ServeOptions } from '../../server/serve.ts';
import { startAcmeProxy } from '../support/acme-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { PATIENCE } from '../support/patience.ts';
import { type Pebble, startPebble } from '../support/pebble.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { askOn, HOST, visit } from '../support/tls-visit.ts';
import { trailOf } from '../support/trail.ts';

const HOUR = 3_600_000;

let folder: string;
let pebble: Pebble;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-acme-'));
  // It forgets a nonce of ten, and what it has seen of a name. The client library brings one anew five times: with three of ten
  // an order would fail every now and then.
  pebble = await startPebble(folder, { env: { PEBBLE_WFE_NONCEREJECT: '10', PEBBLE_AUTHZREUSE: '0' } });
});
afterAll(async () => {
  await pebble?.stop();
  rmSync(folder, { recursive: true });
});

const acme = (more: Partial<AcmeConfig> = {}): AcmeConfig => ({
  email: 'ops@example.test',
  directory: pebble.directory,
  trustFile: pebble.trustFile,
  challenge: undefined,
  dnsHook: undefined,
  binding: undefined,
  ...more,
});

interface Started extends TestServer {
  /** Sentences to whoever runs it. */
  readonly said: readonly string[];
}

/** How far the servers' clock is ahead, milliseconds. */
let ahead = 0;
let servers: Started[] = [];
let data: string;
beforeEach(() => {
  ahead = 0;
  servers = [];
  data = mkdtempSync(join(tmpdir(), 'fieldbind-acme-data-'));
});
afterEach(async () => {
  for (const server of servers) await closeFaultless(server);
  rmSync(data, { recursive: true });
});

async function start(options: Partial<ServeOptions> = {}): Promise<Started> {
  const said: string[] = [];
  const server = await startTestServer({
    ...{ data, publicUrl: `https://${HOST}`, verifierUrl: `http://${HOST}`, demo: false, databaseUrl: '' },
    ...{ port: pebble.tlsPort, httpPort: pebble.httpPort, acme: acme() },
    clock: { now: () => Date.now() + ahead },
    onNotice: (sentence) => said.push(sentence),
    ...options,
  });
  const started = { ...server, said };
  servers.push(started);
  return started;
}

async function stop(server: Started): Promise<void> {
  servers = servers.filter((one) => one !== server);
  await closeFaultless(server);
}

/** The serial number of what is shown there, once somebody who trusts the CA would see the page. */
async function shownAt(port = pebble.tlsPort, butNot?: string): Promise<string> {
  const root = await pebble.root();
  const shown = vi.waitFor(
    async () => {
      const { certificate, socket } = await visit(port, root);
      socket.destroy();
      expect(certificate.subjectAltName).toBe(`DNS:${HOST}`);
      expect(certificate.serialNumber).not.toBe(butNot);
      return certificate.serialNumber;
    },
    { timeout: PATIENCE, interval: 100 },
  );
  try {
    return await shown;
  } catch (cause) {
    throw new Error(`nothing is shown; said was: ${servers.map(({ said }) => said.join('; ')).join(' | ')}`, {
      cause,
    });
  }
}

const saysSoon = (server: Started, words: string) =>
  vi.waitFor(() => expect(server.said.join('\n')).toContain(words), { timeout: PATIENCE, interval: 50 });

/** What the audit trail says of this server's certificate. */
async function noted({ running }: Started): Promise<string[]> {
  const all = await trailOf(running.installation.stores);
  return all.flatMap(({ event, subject, detail }) =>
    event.startsWith('own certificate') && subject === HOST ? [`${event}: ${detail}`] : [],
  );
}

describe('a certificate by ACME', () => {
  for (const challenge of ['http-01', 'tls-alpn-01', 'dns-01'] as const)
    it(`comes by ${challenge}`, async () => {
      const server = await start({ acme: acme({ challenge, dnsHook: pebble.dnsHook }) });
      const root = await pebble.root();
      await saysSoon(server, `${HOST} has a certificate until`);
      // What is said to be there is shown from that moment on: one visit, which is not tried again.
      (await visit(pebble.tlsPort, root)).socket.destroy();
      expect(server.said).toHaveLength(1);
      expect(await noted(server)).toEqual([
        expect.stringMatching(/^own certificate issued: serial [0-9a-f]+/),
      ]);
      expect(await server.running.installation.stores.acmeChallenges.open('tls-alpn-01', '')).toEqual([]);
    });

  it('is in use at once after a restart, with nobody to ask', async () => {
    const first = await start();
    const root = await pebble.root();
    const serial = await shownAt();
    await stop(first);
    await pebble.stopCa();
    try {
      const again = await start();
      const { certificate, socket } = await visit(pebble.tlsPort, root);
      socket.destroy();
      expect(certificate.serialNumber).toBe(serial);
      expect(again.said).toEqual([]);
    } finally {
      await pebble.startCa();
    }
  });

  it('is ordered by an account that the CA knows already, and by no other', async () => {
    const at = mkdtempSync(join(folder, 'bound-'));
    const hmacKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
    const bound = await startPebble(at, {
      accounts: { 'kid-1': hmacKey },
      env: { PEBBLE_AUTHZREUSE: '100' },
    });
    try {
      const ports = { port: bound.tlsPort, httpPort: bound.httpPort };
      const way = { directory: bound.directory, trustFile: bound.trustFile };
      const anybody = await start({ ...ports, acme: acme(way) });
      await saysSoon(anybody, 'the CA does not take this account');
      expect(await noted(anybody)).toEqual(['own certificate refused: account_refused']);
      await stop(anybody);
      const known = await start({ ...ports, acme: acme({ ...way, binding: { kid: 'kid-1', hmacKey } }) });
      await saysSoon(known, `${HOST} has a certificate until`);
      expect(known.said.join()).not.toContain(hmacKey);
      // This one goes by what it saw before, and asks for no other proof.
      const row = async () => known.running.installation.stores.serverCertificates.of(HOST);
      ahead = 16 * HOUR;
      await vi.waitFor(async () => expect((await row())?.n).toBeGreaterThan(1), PATIENCE);
      ahead = 0;
    } finally {
      await bound.stop();
    }
  });

  it('keeps its keys in the folder of keys, encrypted where the others are', async () => {
    const server = await start({ caPassphrase: 'correct horse battery' });
    await shownAt();
    const keys = readdirSync(join(data, 'keys')).filter((name) => name.startsWith('server_'));
    expect(keys).toHaveLength(2);
    for (const name of keys) {
      const file = join(data, 'keys', name);
      expect([name, statSync(file).mode & 0o777]).toEqual([name, 0o600]);
      expect(readFileSync(file, 'latin1')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    }
    const row = await server.running.installation.stores.serverCertificates.of(HOST);
    expect(row?.chain).toContain('BEGIN CERTIFICATE');
    expect(row?.chain).not.toContain('PRIVATE');
  });

  it('is the devices’ listener’s too, where that has no files of its own', async () => {
    const server = await start({ est: { port: 0, host: '127.0.0.1' } });
    const serial = await shownAt();
    const port = Number(new URL(server.running.estUrl ?? '').port);
    expect(await shownAt(port)).toBe(serial);
  });
});

describe('its renewal', () => {
  it('needs no restart, and cuts nobody off', async () => {
    const server = await start();
    const before = await shownAt();
    const { certificate, socket } = await visit(pebble.tlsPort, await pebble.root());
    expect(certificate.serialNumber).toBe(before);
    expect(await askOn(socket, '/healthz')).toContain('200 OK');
    // A certificate of a day, before the last third of it.
    ahead = 15.9 * HOUR;
    const after = await shownAt(pebble.tlsPort, before);
    ahead = 0;
    expect(after).not.toBe(before);
    expect(await askOn(socket, '/healthz')).toContain('200 OK');
    socket.destroy();
    expect((await noted(server)).length).toBeGreaterThan(1);
  });

  it('that fails leaves the old one in use, says why, and is tried again when the CA wants it', async () => {
    const proxy = await startAcmeProxy(folder, pebble.directory);
    try {
      const server = await start({ acme: acme({ directory: proxy.directory }) });
      const before = await shownAt();
      const kept = async () => {
        expect(await shownAt()).toBe(before);
        return server.running.installation.stores.serverCertificates.of(HOST);
      };
      proxy.behave('too many');
      ahead = 16 * HOUR;
      await saysSoon(server, 'the CA takes no more for now');
      expect(server.said.at(-1)).toContain('the one in use is good until');
      // The CA's own words, without what would steer a terminal.
      expect(server.said.at(-1)).toContain('it says “too many [31m already”');
      const row = await kept();
      const wait = Date.parse(row?.askedUntil ?? '') - Date.now() - ahead;
      expect(wait / 1000).toBeGreaterThan(proxy.retryAfter - 60);
      const orders = proxy.orders();
      // An hour later nothing is asked, nor by a restart.
      ahead += HOUR;
      expect(await shownAt()).toBe(before);
      await stop(server);
      const again = await start({ acme: acme({ directory: proxy.directory }) });
      expect(await shownAt()).toBe(before);
      expect(proxy.orders()).toBe(orders);
      proxy.behave('well');
      ahead += 2.1 * HOUR;
      await shownAt(pebble.tlsPort, before);
      ahead = 0;
      expect(again.said.join()).not.toContain('got no certificate');
      expect((await noted(again)).slice(0, 2)).toEqual([
        expect.stringContaining('own certificate issued'),
        'own certificate refused: rate_limited',
      ]);
    } finally {
      await proxy.stop();
    }
  });

  it('is not ordered over and over where it cannot be kept', async () => {
    const proxy = await startAcmeProxy(folder, pebble.directory);
    try {
      const server = await start({ acme: acme({ directory: proxy.directory }) });
      await shownAt();
      const { serverCertificates } = server.running.installation.stores;
      const { keep } = serverCertificates;
      Object.assign(serverCertificates, { keep: () => Promise.reject(new Error('on purpose')) });
      ahead = 16 * HOUR;
      await vi.waitFor(() => expect(server.faults).toHaveLength(1), PATIENCE);
      Object.assign(serverCertificates, { keep });
      expect(server.faults).toEqual([new Error('on purpose')]);
      const orders = proxy.orders();
      const looks = vi.spyOn(serverCertificates, 'of');
      await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(2), PATIENCE);
      expect(proxy.orders()).toBe(orders);
      ahead += HOUR / 4;
      await vi.waitFor(() => expect(proxy.orders()).toBeGreaterThan(orders), PATIENCE);
      ahead = 0;
      await saysSoon(server, `${HOST} has a certificate until`);
      (server.faults as unknown[]).length = 0;
    } finally {
      await proxy.stop();
    }
  });

  it('takes no certificate for another name or another key, and nothing that is none', async () => {
    const proxy = await startAcmeProxy(folder, pebble.directory);
    try {
      const server = await start({ acme: acme({ directory: proxy.directory }) });
      const before = await shownAt();
      ahead = 16 * HOUR;
      const ways = [
        ['for another name', 'the CA’s certificate is for another name', 'answer_name'],
        ['for another key', 'the CA’s certificate is for another key', 'answer_key'],
        ['rubbish', 'the CA’s answer cannot be read', 'answer_unreadable'],
        ['broken', 'the CA cannot answer now', 'busy'],
      ] as const;
      for (const [way, words, code] of ways) {
        proxy.behave(way);
        await saysSoon(server, words);
        expect((await noted(server)).at(-1)).toBe(`own certificate refused: ${code}`);
        expect(await shownAt()).toBe(before);
        const row = await server.running.installation.stores.serverCertificates.of(HOST);
        ahead = Date.parse(row?.nextAt ?? '') - Date.now() + 1_000;
      }
    } finally {
      await proxy.stop();
    }
  });
});

describe('without a certificate yet', () => {
  it('a CA that is not there is said, and asked again; meanwhile nobody is shown a page', async () => {
    const root = await pebble.root();
    await pebble.stopCa();
    const server = await start();
    await saysSoon(server, 'the CA is not reached');
    expect(server.said.at(-1)).toContain('until it has one, nobody can connect');
    await expect(visit(pebble.tlsPort, root)).rejects.toThrow(/alert|reset|disconnected/i);
    await pebble.startCa();
    ahead = HOUR;
    await shownAt();
    expect((await noted(server)).at(0)).toBe('own certificate refused: not_reached');
  });

  it('a CA that cannot see us says so, and the other way is tried next', async () => {
    // It looks at a port where nobody is.
    const server = await start({ httpPort: await freePort() });
    await saysSoon(server, 'the CA could not see that the name is ours');
    expect((await noted(server)).at(0)).toBe('own certificate refused: name_not_seen');
    ahead = HOUR;
    await shownAt();
  });

  it('a CA that is not trusted is not asked', async () => {
    const server = await start({ acme: acme({ trustFile: undefined }) });
    await saysSoon(server, 'FIELDBIND_ACME_TRUST');
    expect((await noted(server)).at(0)).toBe('own certificate refused: not_trusted');
  });

  it('a CA that takes no nonce is one that cannot answer', async () => {
    const forgetful = await startPebble(mkdtempSync(join(folder, 'forgetful-')), {
      env: { PEBBLE_WFE_NONCEREJECT: '100' },
    });
    try {
      const { directory, trustFile } = forgetful;
      const server = await start({ acme: acme({ directory, trustFile }) });
      await saysSoon(server, 'the CA cannot answer now');
      expect((await noted(server)).at(0)).toBe('own certificate refused: busy');
    } finally {
      await forgetful.stop();
    }
  });

  it('a program for DNS that fails is said', async () => {
    const server = await start({ acme: acme({ challenge: 'dns-01', dnsHook: '/bin/false' }) });
    await saysSoon(server, 'the program in FIELDBIND_ACME_DNS_HOOK failed');
    expect((await noted(server)).at(0)).toBe('own certificate refused: hook_failed');
  });
});

describe('of two processes over one database', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.remove());

  const issued = async (server: Started) =>
    (await noted(server)).filter((line) => line.startsWith('own certificate issued')).length;

  for (const challenge of ['http-01', 'tls-alpn-01'] as const)
    it(`one orders by ${challenge}, the other answers the CA, and both show it`, async () => {
      const databaseUrl = await postgres.database();
      // The CA reaches this one, which cannot reach the CA.
      const nobody = `https://localhost:${await freePort()}/dir`;
      const first = await start({ databaseUrl, acme: acme({ challenge, directory: nobody }) });
      await saysSoon(first, 'the CA is not reached');
      const other = { port: await freePort(), httpPort: await freePort() };
      await start({ databaseUrl, ...other, acme: acme({ challenge }) });
      const serial = await shownAt();
      expect(await shownAt(other.port)).toBe(serial);
      expect(await issued(first)).toBe(1);
    });

  it('one at a time renews it, and both take the new one into use', async () => {
    const databaseUrl = await postgres.database();
    const other = { port: await freePort(), httpPort: await freePort() };
    const [first] = await Promise.all([start({ databaseUrl }), start({ databaseUrl, ...other })]);
    const serial = await shownAt();
    expect(await shownAt(other.port)).toBe(serial);
    expect(await issued(first)).toBe(1);
    ahead = 16 * HOUR;
    await shownAt(pebble.tlsPort, serial);
    ahead = 0;
    await vi.waitFor(async () => expect(await shownAt()).toBe(await shownAt(other.port, serial)), {
      timeout: PATIENCE,
      interval: 200,
    });
    // Every order has a number of its own: two at once would have had one.
    await vi.waitFor(
      async () => {
        const row = await first.running.installation.stores.serverCertificates.of(HOST);
        expect(await issued(first)).toBe(row?.n);
      },
      { timeout: PATIENCE, interval: 200 },
    );
  });
});
