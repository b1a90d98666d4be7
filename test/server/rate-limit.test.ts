import { expect, it } from 'vitest';
import { ProblemError } from '../../server/faces/problem.ts';
import { addressName, CALLS, rateLimit } from '../../server/faces/rate-limit.ts';
import { startTestServer } from '../support/server.ts';
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
