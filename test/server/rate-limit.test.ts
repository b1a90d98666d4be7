import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProblemError } from '../../server/faces/problem.ts';
import { addressName, CALLS, rateLimit } from '../../server/faces/rate-limit.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { clientToken, sendAsClient } from '../support/server-client.ts';
import { makeDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';

it('lets so many through a minute, by name, and says when to come again', () => {
  const now = { at: 1_000_000 };
  const limit = rateLimit(2, { now: () => now.at });
  limit('ines');
  now.at += 20_000;
  limit('ines');
  const refused = () => {
    try {
      limit('ines');
    } catch (error) {
      return error;
    }
    return undefined;
  };
  expect(refused()).toBeInstanceOf(ProblemError);
  expect(refused()).toMatchObject({ code: 'rate_limited', retryAfter: 40 });
  limit('sam');
  now.at += 40_000;
  expect(refused()).toBeUndefined();
});

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0db8::5', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('counts %s as %s', (ip, name) => {
  expect(addressName(ip)).toBe(name);
});

it('counts what does not fit of whoever is not signed in, without a look at it', async () => {
  // All of it within one minute, however long it takes.
  const server = await startTestServer({ clock: { now: () => 1_800_000_000_000 } });
  const ask = (cookie: string, body: string) =>
    fetch(`${server.url}/api/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url, cookie },
      body,
    }).then(({ status }) => status);
  const asks = [
    () => ask('', '{"batch":1}'),
    () => ask('', '{'),
    () => ask('__Host-fieldbind=nobody', '{"batch":1}'),
    () => ask('__Host-fieldbind=nobody', '{'),
  ];
  const statuses = new Set<number>();
  for (let count = 0; count < CALLS.address; count += 40) {
    const some = Array.from({ length: 10 }, () => asks.map((one) => one())).flat();
    for (const status of await Promise.all(some)) statuses.add(status);
  }
  expect([...statuses]).toEqual([401]);
  expect(await Promise.all(asks.map((one) => one()))).toEqual([429, 429, 429, 429]);
  await closeFaultless(server);
});

it('forgets no count but the oldest when more names come than it keeps', () => {
  const now = { at: 1_000_000 };
  const limit = rateLimit(1, { now: () => now.at });
  limit('ines');
  for (let n = 0; n < 5_000; n++) limit(`made up ${n}`);
  limit('sam');
  for (let n = 0; n < 9_000; n++) limit(`made up later ${n}`);
  expect(() => limit('sam')).toThrow(ProblemError);
  expect(() => limit('ines')).not.toThrow();
});

describe('of those who share an address', () => {
  let server: TestServer;
  // All of it within one minute, however long it takes; each test has a minute of its own.
  let now = 1_800_000_000_000;
  beforeAll(async () => {
    server = await startTestServer({ clock: { now: () => now } });
  });
  beforeEach(() => {
    now += 60_000;
  });
  afterAll(() => closeFaultless(server));

  const probe = '/api/probe?nonce=nonce-0123456789abcdef';
  const get = async (path: string, cookie = '') =>
    (await fetch(server.url + path, { headers: { cookie } })).status;
  const enter = async (body: string) =>
    (
      await fetch(`${server.url}/api/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: server.url },
        body,
      })
    ).status;
  const named = (operator: string) => enter(JSON.stringify({ operator }));
  /** Calls until one is refused for their number, and how many were not. */
  async function untilRefused(call: (n: number) => Promise<number>, most: number): Promise<number> {
    for (let done = 0; done <= most; done += 40) {
      const some = await Promise.all(Array.from({ length: 40 }, (_, n) => call(done + n)));
      const refused = some.filter((status) => status === 429).length;
      if (refused > 0) return done + some.length - refused;
    }
    return Number.POSITIVE_INFINITY;
  }

  it('one who asks without end whether we are there takes sign-in from nobody', async () => {
    expect(await untilRefused(() => get(probe), CALLS.address)).toBe(CALLS.address);
    expect(await named('ines')).toBe(200);
    expect(await get('/api/session')).toBe(401);
    expect(await get('/api/statement-keys')).toBe(200);
  });

  it('one who calls without a session takes none of what needs no session', async () => {
    expect(await untilRefused(() => get('/api/session'), CALLS.address)).toBe(CALLS.address);
    expect([await get('/api/devices?org=northfield'), await get(probe)]).toEqual([429, 200]);
    expect(await named('ines')).toBe(200);
  });

  it('one who tries a person’s name takes sign-in from that person alone', async () => {
    expect(await untilRefused(() => named('ines'), CALLS.signIn)).toBe(CALLS.signIn);
    expect([await named('sam'), await get(probe)]).toEqual([200, 200]);
    expect(await untilRefused(() => named('nobody-here'), CALLS.signIn)).toBe(CALLS.signIn);
    expect(await named('ada')).toBe(200);
  });

  it('one who tries a thousand names, or sends what is none, takes sign-in from nobody', async () => {
    expect(await untilRefused((n) => named(`made-up-${n}`), CALLS.address)).toBe(Number.POSITIVE_INFINITY);
    for (const body of ['{}', '{"operator":7}', '[]', 'null', '{"operator":"INES"}'])
      expect(await untilRefused(() => enter(body), 2 * CALLS.signIn)).toBeLessThanOrEqual(CALLS.signIn);
    expect(await enter(JSON.stringify({ operator: 'x'.repeat(2000) }))).toBe(413);
    expect(await named('ines')).toBe(200);
  });

  it('whoever is signed in goes on where the others are refused', async () => {
    const { cookie } = await server.signIn('ines');
    await untilRefused(() => get(probe), CALLS.address);
    expect([await get(probe), await get(probe, '__Host-fieldbind=nobody')]).toEqual([429, 429]);
    expect(await get(probe, cookie)).toBe(200);
    // By their own count, which ends as well.
    expect(await untilRefused(() => get(probe, cookie), CALLS.operator)).toBeLessThan(CALLS.operator);
  });

  it('a machine client with its token does too', async () => {
    const token = await clientToken(server, ['suspend']);
    const device = await makeDevice();
    const act = { act: 'suspend', reason: 'maintenance', because: 'seen' };
    const as = async (one: string) => (await sendAsClient(server, one, device, act)).status;
    const wrong = `fbc_${'A'.repeat(43)}`;
    expect(await untilRefused(() => as(wrong), CALLS.address)).toBe(CALLS.address);
    expect([await as(wrong), await as(token)]).toEqual([429, 404]);
  });
});
