import type { Clock } from '../../../core/clock.ts';
import { toInstant } from '../../../core/instant.ts';
import type { Journal, MarkerStore, OutboxUpkeep } from '../../ports/keeping.ts';
import type { Capture } from '../../ports/outbox.ts';
import type { Enrolment } from '../../ports/work.ts';

/** Writes down, outside the database, how the chain stands and what was not sent. */
export async function noteMarker(
  marker: MarkerStore,
  { signer: { kid }, epoch }: Enrolment,
  outbox: OutboxUpkeep & Pick<Capture, 'head'>,
  clock: Clock,
): Promise<void> {
  const [head, unsent] = await Promise.all([outbox.head(kid), outbox.unsentNumbers(kid)]);
  marker.write({ kid, epoch, head: head.seq, unsent, at: toInstant(clock.now()) });
}

/**
 * Captures as `capture` does, and writes a second copy of each record beside it. The copy is not waited for: "Saved" is said
 * of the first.
 */
export function withCopies(capture: Capture, journal: () => Promise<Journal | undefined>): Capture {
  return {
    head: (kid) => capture.head(kid),
    async append(record) {
      const outcome = await capture.append(record);
      if (outcome === 'stored')
        void journal()
          .then((open) => open?.keep({ row: record.row, jws: record.jws }))
          .catch(() => undefined);
      return outcome;
    },
  };
}
