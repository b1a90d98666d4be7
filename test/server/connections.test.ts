import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectionRoom } from '../../server/config/connection-room.ts';
import { serverPair } from '../support/est.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { startProcess } from '../support/server-process.ts';

const MOST = 20;
const OF_ONE = MOST / 2;

let folder: string;
let server: TestServer;
let sockets: Socket[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-connections-'));
  const est = { ...(await serverPair(folder)), port: 0, host: '127.0.0.1' };
  server = await startTestServer({ est, connections: { http: MOST, est: MOST } });
});
afterEach(async () => {
  const closed = sockets.map((socket) => isClosed(socket));
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
  sockets = [];
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

const isClosed = (socket: Socket) =>
  socket.closed ? undefined : new Promise<void>((resolve) => socket.once('close', () => resolve()));

/** A connection from an address of this machine, which has sixteen million of them. */
async function open(localAddress: string, port = server.running.port): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  sockets.push(socket);
  // An ended connection is what this is about.
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
  return socket;
}

async function openMany(count: number, addressOf: (n: number) => string, port?: number): Promise<Socket[]> {
  const all: Socket[] = [];
  for (let n = 0; n < count; n++) all.push(await open(addressOf(n), port));
  return all;
}

const isOpen = (socket: Socket) => !socket.destroyed;

/** A request on a connection of its own, or on the agent's. */
async function status(
  localAddress: string,
  agent: Agent | false = false,
  path = '/healthz',
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { port } = server.running;
  request({ host: '127.0.0.1', port, path, localAddress, agent }, (response) => {
    response.resume().once('end', () => resolve(response.statusCode ?? 0));
  })
    .on('error', reject)
    .end();
  return promise;
}

/** A request that is under way until it is finished: the rest of its body is missing. */
async function begin(localAddress: string): Promise<{ socket: Socket; finish(): Promise<string> }> {
  const socket = await open(localAddress);
  const body = JSON.stringify({ certificate: 'none', domain: 'x' });
  const host = `Host: localhost:${server.running.port}`;
  const head = ['POST /api/verify HTTP/1.1', host, 'Content-Type: application/json', 'Expect: 100-continue'];
  socket.write(`${head.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n`);
  const first = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
  expect(first).toContain('100 Continue');
  return {
    socket,
    finish() {
      const answer = new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
      socket.write(body);
      return answer;
    },
  };
}

describe('connections', () => {
  it('that say nothing keep nobody out, wherever they come from', async () => {
    const idle = await openMany(5 * MOST, (n) => `127.0.1.${1 + n}`);
    expect(await status('127.0.0.1')).toBe(200);
    // Those that waited longest went, and no more than had to.
    await Promise.all(idle.slice(0, 4 * MOST).map(isClosed));
    expect(idle.filter(isOpen).length).toBeGreaterThanOrEqual(MOST - 1);
    expect(idle.slice(-MOST + 1).every(isOpen)).toBe(true);
  });

  it('of one address take half of the room at most, and the oldest that says nothing goes', async () => {
    const idle = await openMany(4 * MOST, () => '127.0.2.1');
    await Promise.all(idle.slice(0, -OF_ONE).map(isClosed));
    expect(idle.slice(-OF_ONE).every(isOpen)).toBe(true);
    const others = await openMany(OF_ONE - 1, (n) => `127.0.2.${10 + n}`);
    expect(await status('127.0.2.2')).toBe(200);
    expect(others.every(isOpen)).toBe(true);
  });

  it('of whoever holds the most go before those of others', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await status('127.0.3.1', agent)).toBe(200);
    const [kept] = Object.values(agent.freeSockets).flat();
    const flood = await openMany(OF_ONE, () => '127.0.3.2');
    // The first of these took the last room; each further one takes a place of the flood.
    await openMany(OF_ONE + 4, (n) => `127.0.3.${10 + n}`);
    expect(kept?.destroyed).toBe(false);
    expect(await status('127.0.3.1', agent)).toBe(200);
    expect(flood.filter(isOpen).length).toBeLessThan(OF_ONE);
    agent.destroy();
  });

  it('with a request under way are left alone, and wait again after it', async () => {
    const busy = await begin('127.0.4.1');
    const idle = await openMany(3 * MOST, () => '127.0.4.1');
    expect(isOpen(busy.socket)).toBe(true);
    expect(await busy.finish()).toContain(' 400 ');
    expect(isOpen(busy.socket)).toBe(true);
    // Now it is the one that waited least.
    await openMany(OF_ONE - 1, () => '127.0.4.1');
    expect(isOpen(busy.socket)).toBe(true);
    await open('127.0.4.1');
    await isClosed(busy.socket);
    expect(idle.some(isOpen)).toBe(false);
  });

  it('are ended at once where all are busy, and taken again when one is done', async () => {
    const busy = [];
    for (let n = 0; n < MOST; n++) busy.push(await begin(`127.0.5.${1 + n}`));
    await isClosed(await open('127.0.5.200'));
    await isClosed(await open('127.0.5.1'));
    const [first] = busy;
    expect(await first?.finish()).toContain(' 400 ');
    expect(await status('127.0.5.200')).toBe(200);
    for (const one of busy.slice(1)) expect(isOpen(one.socket)).toBe(true);
  });

  it('are forgotten when they end, so that room does not shrink', async () => {
    for (let times = 0; times < 5; times++) {
      const some = await openMany(OF_ONE, () => '127.0.6.1');
      expect(some.every(isOpen)).toBe(true);
      const closed = some.map(isClosed);
      for (const socket of some) socket.destroy();
      await Promise.all(closed);
    }
    expect(await status('127.0.6.1')).toBe(200);
  });

  it('of devices are bounded alike, before and after the handshake', async () => {
    const port = Number(new URL(server.running.estUrl ?? '').port);
    const idle = await openMany(5 * MOST, (n) => `127.0.7.${1 + n}`, port);
    await Promise.all(idle.slice(0, 4 * MOST).map(isClosed));
    const ask = async (from: string) => {
      const socket = connectTls({
        socket: connect({ host: '127.0.0.1', port, localAddress: from }),
        rejectUnauthorized: false,
      });
      sockets.push(socket);
      socket.write(`GET /.well-known/est/northfield/cacerts HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
      const said = await new Promise<string>((resolve) =>
        socket.once('data', (data) => resolve(String(data))),
      );
      return { socket, said };
    };
    const one = await ask('127.0.8.1');
    expect(one.said).toContain(' 200 ');
    // It spoke last of them, and goes as they do once it waits.
    await openMany(5 * MOST, (n) => `127.0.9.${1 + n}`, port);
    await isClosed(one.socket);
  });
});

describe('the room for them', () => {
  it.each([
    [220, { http: 104, est: 52 }],
    [1024, { http: 512, est: 256 }],
    [20_000, { http: 10_000, est: 5_000 }],
    [Number.POSITIVE_INFINITY, { http: 10_000, est: 5_000 }],
    [undefined, expect.objectContaining({ http: expect.any(Number) })],
    [32, { http: 4, est: 2 }],
  ])('with %s descriptors leaves the server its own', (descriptors, room) => {
    expect(connectionRoom(descriptors)).toEqual(room);
  });

  it('holds for a process with few descriptors: four hundred connections that say nothing keep nobody out', async () => {
    const data = mkdtempSync(join(tmpdir(), 'fieldbind-few-'));
    const few = await startProcess(data, 'none', {}, 220);
    try {
      const port = Number(new URL(few.url).port);
      await openMany(400, (n) => `127.0.10.${1 + (n % 100)}`, port);
      const response = await fetch(`${few.url}/healthz`);
      expect(response.status).toBe(200);
    } finally {
      await few.stop();
      rmSync(data, { recursive: true });
    }
  });
});
