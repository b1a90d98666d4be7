import type { LossReport, Stretches } from '../../../contract/phone.ts';
import { toInstant } from '../../../core/instant.ts';
import type { MarkerStore } from '../../ports/keeping.ts';
import type { RescueBackend } from '../../ports/rescue.ts';

/** More than anybody loses before the backend hears of it. */
const MOST_LOSSES = 5;

/**
 * Whether the storage is another one than the marker outside it knows, beside what was found so and not told yet; run
 * before anything is written.
 */
export function findLosses(
  marker: MarkerStore,
  epoch: string | undefined,
  now: number,
): readonly LossReport[] {
  const known = marker.read();
  const older = marker.losses();
  if (known === undefined || known.epoch === epoch) return older;
  const { kid, head, unsent, at } = known;
  const found = { kid, epoch: known.epoch, head, unsent, lastSeenAt: at, foundAt: toInstant(now) };
  if (older.some((one) => isSame(one, found))) return older;
  const losses = [...older, found];
  // The one that says least gives way, the oldest of such.
  const least = losses.toSorted((one, other) => countOf(one.unsent) - countOf(other.unsent))[0];
  const kept = losses.length > MOST_LOSSES ? losses.filter((one) => one !== least) : losses;
  marker.keepLosses(kept);
  return kept;
}

/** Tells the backend of each, and forgets it here once it was taken. */
export async function tellLosses(
  marker: MarkerStore,
  backend: Pick<RescueBackend, 'reportLoss'>,
): Promise<void> {
  for (const loss of marker.losses()) {
    const answer = await backend.reportLoss(loss);
    if (answer.ok) marker.keepLosses(marker.losses().filter((one) => !isSame(one, loss)));
    // A refusal is of this one only: whoever may speak for its key can sign in here yet.
    else if (answer.failure.kind !== 'refused') return;
  }
}

function isSame(one: LossReport, other: LossReport): boolean {
  return one.kid === other.kid && one.epoch === other.epoch;
}

function countOf(stretches: Stretches): number {
  return stretches.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}
