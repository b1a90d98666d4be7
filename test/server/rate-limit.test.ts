import { expect, it } from 'vitest';
import { ProblemError } from '../../server/http/problem.ts';
import { addressName, rateLimit } from '../../server/http/rate-limit.ts';

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
