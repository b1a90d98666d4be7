import { DEVICE_NEEDS, type DeviceAtPlace, type DeviceNeed } from '../ports/devices.ts';
import type { DeviceEntry } from './device-entry.ts';

export function rowsOf(entries: readonly (DeviceEntry | undefined)[]): DeviceAtPlace[] {
  return entries.flatMap((entry) => (entry?.row === undefined ? [] : [entry.row]));
}

/** What the index by need gives, in a transaction that reads as in one that writes. */
interface ByNeed {
  getAll(query: IDBKeyRange, count: number): Promise<DeviceEntry[]>;
}

/**
 * The first devices with one of these needs, the most urgent first. As many requests as there are stretches of needs, whatever the
 * number of devices.
 */
export async function firstByNeed(
  index: ByNeed,
  needs: readonly DeviceNeed[],
  most: number,
): Promise<DeviceAtPlace[]> {
  const ranks = [...new Set(needs.map((need) => DEVICE_NEEDS.indexOf(need)))].sort((a, b) => a - b);
  const found = await Promise.all(
    stretchesOf(ranks).map(([from, to]) => index.getAll(IDBKeyRange.bound([from], [to, []]), most)),
  );
  return rowsOf(found.flat()).slice(0, most);
}

/** Ranks that follow each other are one range. */
function stretchesOf(ranks: readonly number[]): (readonly [number, number])[] {
  const out: [number, number][] = [];
  for (const rank of ranks) {
    const last = out.at(-1);
    if (last !== undefined && last[1] === rank - 1) last[1] = rank;
    else out.push([rank, rank]);
  }
  return out;
}
