import type { LossReport, Stretches } from '../../../contract/phone.ts';
import { toInstant } from '../../../core/instant.ts';
import type { MarkerStore } from '../../ports/keeping.ts';
import type { RescueBackend } from '../../ports/rescue.ts';

/** More than anybody loses before the backend hears of it. */
const MOST_LOSSES = 5;

/**
 * Losses that this start found, by comparing the storage with the marker outside it, and those not reported yet. Runs
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
  // The report that names the fewest records is dropped, the oldest among equals.
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
    // Only this report was refused. The person who may speak for its key can still sign in here.
    else if (answer.failure.kind !== 'refused') return;
  }
}

function isSame(one: LossReport, other: LossReport): boolean {
  return one.kid === other.kid && one.epoch === other.epoch;
}

function countOf(stretches: Stretches): number {
  return stretches.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}
