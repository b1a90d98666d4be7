import { DEVICE_NEEDS, type DeviceAtPlace, type DeviceQuery } from '../ports/devices.ts';
import type { Database } from './database.ts';
import { noSums, SUMS, type Sums } from './device-projection.ts';
import { firstByNeed, rowsOf } from './devices-by-need.ts';
import { together } from './outbox-read.ts';

const natural = new Intl.Collator(undefined, { numeric: true });

export async function findByNeed(db: Database, { needs = DEVICE_NEEDS, limit, skip = 0 }: DeviceQuery) {
  const tx = together.of(db);
  const [sums, found] = await Promise.all([
    sumsIn(tx),
    firstByNeed(tx.objectStore('device').index('need'), needs, skip + limit),
  ]);
  return {
    rows: found.slice(skip),
    of: needs.reduce((sum, need) => sum + (sums.needs[need] ?? 0), 0),
  };
}

/** Read once in each transaction: the first screen asks for it with each of its lists. */
const read = new WeakMap<object, Promise<Sums>>();

export function sumsIn(tx: ReturnType<typeof together.of>): Promise<Sums> {
  const known = read.get(tx);
  if (known !== undefined) return known;
  const asked = tx
    .objectStore('meta')
    .get(SUMS)
    .then((kept) => (kept as Sums | undefined) ?? noSums());
  read.set(tx, asked);
  return asked;
}

interface Ordered {
  readonly rank: number;
  readonly order: number;
}
export const byUrgency = (a: Ordered, b: Ordered) => a.rank - b.rank || a.order - b.order;

/** As people count in a building: Flat 2 before Flat 10. */
export function byPosition(
  a: Pick<DeviceAtPlace, 'position' | 'udid'>,
  b: Pick<DeviceAtPlace, 'position' | 'udid'>,
): number {
  return natural.compare(a.position ?? '', b.position ?? '') || natural.compare(a.udid, b.udid);
}

export async function findAtSite(
  db: Database,
  { needs, limit, skip = 0 }: DeviceQuery,
  { org, domain, site = '' }: NonNullable<DeviceQuery['at']>,
) {
  const found = rowsOf(await db.getAllFromIndex('device', 'site', [org, domain, site]))
    .filter((row) => needs === undefined || needs.includes(row.need))
    .sort(byPosition);
  return { rows: found.slice(skip, skip + limit), of: found.length };
}
