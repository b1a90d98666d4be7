import type { Clock } from '../../core/clock.ts';
import { toInstant } from '../../core/instant.ts';
import type { Journal, Keeping, MarkerStore } from '../ports/keeping.ts';
import type { Capture } from '../ports/outbox.ts';
import type { Enrolment } from '../ports/work.ts';

/** Writes down, outside the database, how the chain stands and what was not sent. */
export async function noteMarker(
  marker: MarkerStore,
  { signer: { kid }, epoch }: Enrolment,
  outbox: Keeping & Pick<Capture, 'head'>,
  clock: Clock,
): Promise<void> {
  const [head, unsent] = await Promise.all([outbox.head(kid), outbox.unsentNumbers(kid)]);
  marker.write({ kid, epoch, head: head.seq, unsent, at: toInstant(clock.now()) });
}

/**
 * The same outbox, with a second copy of each record written beside it. It is not waited for: "Saved" is the first one's
 * word.
 */
export function withCopies<T extends Capture>(outbox: T, journal: () => Promise<Journal | undefined>): T {
  const append: Capture['append'] = async (record) => {
    const outcome = await outbox.append(record);
    if (outcome === 'stored')
      void journal()
        .then((open) => open?.keep({ row: record.row, jws: record.jws }))
        .catch(() => undefined);
    return outcome;
  };
  return new Proxy(outbox, {
    get(target, name) {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
