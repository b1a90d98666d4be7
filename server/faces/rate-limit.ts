import { isIPv6 } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { ProblemError } from './problem.ts';

const MINUTE = 60_000;
const MOST_NAMES = 10_000;

/**
 * Calls per minute on the app's port, over all its operations. The limits are generous: a firm's phones share one
 * address, and one operator may carry several phones. Some costly operations have lower limits of their own.
 */
export const CALLS = {
  /** Calls of one operation from one address by people who are not signed in. */
  address: 1200,
  /** Sign-ins of one person from one address. */
  signIn: 300,
  operator: 3000,
  /** Fetches of one kind from one address: what verifiers fetch, files of the page (limit-fetches.ts). */
  fetches: 12_000,
  /** Acts on one device, and contacts of one device's key. */
  device: 30,
} as const;

/**
 * Allows at most `most` calls per minute for each name. The counts are in memory, since the limit only saves work.
 * Throws `rate_limited`. The clock should be one that nobody sets; where it goes back all the same, counting begins anew.
 */
export function rateLimit(most: number, clock: Clock): (name: string) => void {
  const counts = new Map<string, { from: number; calls: number }>();
  return (name) => {
    const now = clock.now();
    const window = counts.get(name);
    if (window === undefined || now - window.from >= MINUTE || now < window.from) {
      counts.delete(name);
      counts.set(name, { from: now, calls: 1 });
      // The one that began first goes: forgetting all at once would let whoever makes up names start all counts anew.
      const [first] = counts.keys();
      if (counts.size > MOST_NAMES && first !== undefined) counts.delete(first);
      return;
    }
    if (++window.calls > most)
      throw new ProblemError('rate_limited', undefined, Math.ceil((window.from + MINUTE - now) / 1000));
  };
}

/** Names the client behind an address: for IPv6 the network, since one household has 2^64 addresses (RFC 6177). */
export function addressName(given: string): string {
  // Some proxies write the port too (RFC 7239, section 6): each connection would be another client.
  const ip = /^\[([^\]]+)\](?::\d+)?$/.exec(given)?.[1] ?? /^([\d.]+):\d+$/.exec(given)?.[1] ?? given;
  if (!isIPv6(ip)) return ip;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = (ip.split('%')[0] ?? '').split('::');
  const [left, right] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const gap = tail === undefined ? 0 : 8 - (left?.length ?? 0) - (right?.length ?? 0);
  const groups = [...(left ?? []), ...Array<string>(Math.max(0, gap)).fill('0'), ...(right ?? [])];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
