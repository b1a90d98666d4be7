import { unwrap } from 'idb';
import { fromInstant } from '../../core/instant.ts';
import { isUnsent } from '../../core/record-state.ts';
import {
  DEVICE_NEEDS,
  type DeviceAtPlace,
  FIRST_MINE,
  FIRST_WAITING,
  NEEDS_ME,
  NEEDS_OTHERS,
  type SiteCount,
} from '../ports/devices.ts';
import type { QueuedRecord } from '../ports/outbox.ts';
import type { DeviceEntry } from './device-entry.ts';
import { type DeviceSources, foldDevice } from './device-fold.ts';
import { firstByNeed } from './devices-by-need.ts';
import type { Write } from './outbox-stores.ts';
import { searchText } from './search-text.ts';

/** In `meta`: for whom the rows are, and how far making them anew has come. */
export const READER = 'devices';
export interface StoredReader {
  readonly version: 3;
  readonly operator: string;
  /** Where this person works, in order. */
  readonly orgs: readonly string[];
  /** The last key that was made anew, first of the records, then (`told`) of what the backend said; null once all are. */
  readonly from: { readonly of: 'q' | 'told'; readonly key: string | readonly string[] | null } | null;
}

/** In `meta`, with organisation, domain and site behind it: how many devices stand there. */
export const SITE = 'site:';

/** In `meta`: counts of all rows, so that the first screen reads one. */
export const SUMS = 'devices-sum';
export interface Sums {
  devices: number;
  needs: Partial<Record<DeviceAtPlace['need'], number>>;
  others: Record<string, number>;
  stuck: string[];
}

/** In `meta`: the rows that the first screen shows, as found at the last write that touched any of their kind. */
export const FIRST = 'devices-first';
export interface StoredFirst {
  readonly mine: readonly DeviceAtPlace[];
  readonly waiting: readonly DeviceAtPlace[];
}
export const noFirst: StoredFirst = { mine: [], waiting: [] };

const IS_FIRST: ReadonlySet<DeviceAtPlace['need'] | undefined> = new Set([...NEEDS_ME, ...NEEDS_OTHERS]);
const NEEDS_NOBODY: ReadonlySet<DeviceAtPlace['need']> = new Set(['none', 'ended']);

export const noSums = (): Sums => ({ devices: 0, needs: {}, others: {}, stuck: [] });

/** Whose rows a transaction touched: made anew before it ends, so that rows and records never disagree. */
const touched = new WeakMap<object, Map<string, readonly [org: string, udid: string]>>();

export function touch(tx: Write, org: string, udid: string): void {
  const bare = unwrap(tx);
  const keys = touched.get(bare) ?? new Map();
  keys.set(`${org} ${udid}`, [org, udid]);
  touched.set(bare, keys);
}

/** Makes the rows of all that was touched anew. */
export async function projectTouched(tx: Write, now: number): Promise<void> {
  const keys = [...(touched.get(unwrap(tx))?.values() ?? [])];
  if (keys.length === 0) return;
  const meta = tx.objectStore('meta');
  const [reader, kept] = await Promise.all([meta.get(READER), meta.get(SUMS)]);
  // Nobody's yet: all rows are made when somebody is known (devices.ts).
  if (reader === undefined) return;
  const { operator, orgs } = reader as StoredReader;
  const sums = (kept as Sums | undefined) ?? noSums();
  const rows = tx.objectStore('device');
  const both = await Promise.all(
    keys.map(async ([org, udid]) => {
      const [sources, before] = await Promise.all([sourcesOf(tx, org, udid), rows.get([org, udid])]);
      const isLeft = !orgs.includes(org);
      return { org, udid, before, after: entryOf({ org, udid, sources, operator, isLeft, now }) };
    }),
  );
  const bare = unwrap(rows);
  const sites = new Map<string, SiteDelta>();
  for (const { org, udid, before, after } of both) {
    add(sums, sites, before, -1);
    add(sums, sites, after, 1);
    if (after !== undefined) bare.put(after);
    else if (before !== undefined) bare.delete([org, udid]);
  }
  await addToSites(tx, sites);
  await meta.put(sums, SUMS);
  if (both.some(({ before, after }) => IS_FIRST.has(before?.row?.need) || IS_FIRST.has(after?.row?.need)))
    await meta.put(await findFirst(tx), FIRST);
}

async function findFirst(tx: Write): Promise<StoredFirst> {
  const index = tx.objectStore('device').index('need');
  const [mine, waiting] = await Promise.all([
    firstByNeed(index, [...NEEDS_ME], FIRST_MINE),
    firstByNeed(index, NEEDS_OTHERS, FIRST_WAITING),
  ]);
  return { mine, waiting };
}

async function sourcesOf(tx: Write, org: string, udid: string): Promise<DeviceSources> {
  const [records, told] = await Promise.all([
    tx
      .objectStore('q')
      .index('device')
      .getAll(IDBKeyRange.bound([udid, 0], [udid, Infinity])),
    tx.objectStore('told').index('udid').getAll([org, udid]),
  ]);
  return {
    records: records.filter((row: QueuedRecord) => row.org === org),
    devices: told.flatMap(({ device }) => (device === undefined ? [] : [device])),
    reports: told.flatMap(({ report }) => (report === undefined ? [] : [report])),
  };
}

function entryOf(of: {
  readonly org: string;
  readonly udid: string;
  readonly sources: DeviceSources;
  readonly operator: string;
  /** Whether the person works there no more: only what is not done yet is of use then. */
  readonly isLeft: boolean;
  readonly now: number;
}): DeviceEntry | undefined {
  const { org, udid, sources, operator, isLeft, now } = of;
  const seen = foldDevice(sources, { operator, now });
  const folded = seen !== undefined && isLeft && NEEDS_NOBODY.has(seen.need) ? undefined : seen;
  const others = unsentOfOthers(sources.records, operator);
  if (folded === undefined) {
    const stuck = udid === '' ? stuckOf(sources.records, operator) : [];
    const isEmpty = Object.keys(others).length === 0 && stuck.length === 0;
    return isEmpty ? undefined : { org, udid, others, ...(stuck.length === 0 ? {} : { stuck }) };
  }
  const row = { ...folded, org };
  const due = row.need === 'none' && row.renewFrom !== undefined ? fromInstant(row.renewFrom) : undefined;
  return {
    org,
    udid,
    row,
    others,
    text: searchText(row),
    domain: row.domain,
    site: row.site ?? '',
    rank: DEVICE_NEEDS.indexOf(row.need),
    order: -row.at,
    ...(due === undefined || due <= now ? {} : { due }),
  };
}

/** Unsent records of other people, by name: theirs to read, and counted here. */
function unsentOfOthers(
  records: readonly QueuedRecord[],
  operator: string,
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const row of records) {
    if (row.operator === operator || !isUnsent(row.state)) continue;
    const name = row.operatorName ?? '';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function stuckOf(records: readonly QueuedRecord[], operator: string): readonly string[] {
  const own = records.filter((row) => row.operator === operator && row.read !== true);
  return own.filter(({ state }) => state === 'refused' || state === 'rejected').map(({ id }) => id);
}

function add(sums: Sums, sites: Map<string, SiteDelta>, entry: DeviceEntry | undefined, by: 1 | -1): void {
  if (entry === undefined) return;
  for (const [name, n] of Object.entries(entry.others)) bump(sums.others, name, by * n);
  const { row, stuck = [] } = entry;
  sums.stuck = [...sums.stuck.filter((id) => !stuck.includes(id)), ...(by === 1 ? stuck : [])];
  if (row === undefined) return;
  sums.devices += by;
  bump(sums.needs, row.need, by);
  const { org, domain, site, siteTitle } = row;
  // What has ended stands nowhere any more.
  if (row.standing === 'ended') return;
  const key = `${SITE}${JSON.stringify([org, domain, site ?? null])}`;
  const at = sites.get(key) ?? {
    ...{ org, domain, devices: 0, needMe: 0 },
    ...(site === undefined ? {} : { site }),
  };
  sites.set(key, {
    ...at,
    ...(by === 1 && siteTitle !== undefined ? { siteTitle } : {}),
    devices: at.devices + by,
    needMe: at.needMe + (NEEDS_ME.has(row.need) ? by : 0),
  });
}

/** By how much the counts of a site change, and what it is called. */
type SiteDelta = SiteCount;

/** Each site has a row of its own: the first screen reads none of them, and a write touches those of its devices. */
async function addToSites(tx: Write, sites: ReadonlyMap<string, SiteDelta>): Promise<void> {
  const meta = tx.objectStore('meta');
  await Promise.all(
    Array.from(sites, async ([key, delta]) => {
      const before = (await meta.get(key)) as SiteCount | undefined;
      const devices = (before?.devices ?? 0) + delta.devices;
      if (devices === 0) return meta.delete(key);
      return meta.put({ ...before, ...delta, devices, needMe: (before?.needMe ?? 0) + delta.needMe }, key);
    }),
  );
}

function bump(counts: Partial<Record<string, number>>, name: string, by: number): void {
  const n = (counts[name] ?? 0) + by;
  if (n === 0) delete counts[name];
  else counts[name] = n;
}
