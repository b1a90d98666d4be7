import type { Clock } from '../ports/clock.ts';
import { ProblemError } from './problem.ts';

/** At most `most` calls a minute for each name; kept in memory, since it only spares work. */
export function rateLimit(most: number, clock: Clock): (name: string) => void {
  const counts = new Map<string, { from: number; calls: number }>();
  return (name) => {
    const now = clock.now();
    const there = counts.get(name);
    if (there === undefined || now - there.from >= 60_000) {
      if (counts.size > 10_000) counts.clear();
      counts.set(name, { from: now, calls: 1 });
      return;
    }
    if (++there.calls > most) throw new ProblemError('rate_limited');
  };
}
