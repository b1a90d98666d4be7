import { isIPv6 } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { ProblemError } from './problem.ts';

const MINUTE = 60_000;

/**
 * Calls a minute on the app's port, over all its operations. Generous: a firm's phones share one address, and one operator
 * may carry several phones. Single operations that cost more have narrower ones of their own.
 */
export const CALLS = {
  /** By whoever is not signed in. */
  address: 1200,
  operator: 3000,
  /** Acts on one device, and contacts of one device's key. */
  device: 30,
} as const;

/** At most `most` calls a minute for each name; kept in memory, since it only spares work. Throws `rate_limited`. */
export function rateLimit(most: number, clock: Clock): (name: string) => void {
  const counts = new Map<string, { from: number; calls: number }>();
  return (name) => {
    const now = clock.now();
    const there = counts.get(name);
    if (there === undefined || now - there.from >= MINUTE) {
      if (counts.size > 10_000) counts.clear();
      counts.set(name, { from: now, calls: 1 });
      return;
    }
    if (++there.calls > most)
      throw new ProblemError('rate_limited', undefined, Math.ceil((there.from + MINUTE - now) / 1000));
  };
}

/** Who is behind an address: of IPv6 the network, since one household has 2^64 addresses in it (RFC 6177). */
export function addressName(ip: string): string {
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
