import type { FieldDevices } from '../../contract/field-device.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import {
  DEVICE_NEEDS,
  type DeviceAtPlace,
  type DeviceQuery,
  type DevicesIntake,
  type DevicesOverview,
  type DevicesView,
  type SiteCount,
  type ToldFrom,
} from '../ports/devices.ts';
import type { DatabaseHandle } from './database.ts';
import type { ToldRow } from './device-entry.ts';
import {
  FIRST,
  noFirst,
  noSums,
  READER,
  SITE,
  type StoredFirst,
  type StoredReader,
  SUMS,
  touch,
} from './device-projection.ts';
import { byPosition, byUrgency, findAtSite, findByNeed, sumsIn } from './device-queries.ts';
import { rowsOf } from './devices-by-need.ts';
import { lackingIn } from './older-rows.ts';
import type { IdbOutbox } from './outbox.ts';
import { together } from './outbox-read.ts';
import type { Write } from './outbox-stores.ts';
import { putRows } from './outbox-write.ts';
import { holds, searchWords } from './search-text.ts';

/** Rows made anew in one transaction: short enough that a screen waits for none of them. */
const SLICE = 200;
/** Of the rows: kept ones of another version are made anew. */
const VERSION = 3;
const CURSOR = 'told:';
const TOLD_OF = IDBKeyRange.bound(CURSOR, `${CURSOR}\uffff`);
const OF_SITES = IDBKeyRange.bound(SITE, `${SITE}\uffff`);

/** How far an organisation's devices are told. `sweeping`: from the start, and not at its end yet. */
interface ToldCursor {
  readonly cursor: string;
  readonly turn: number;
  readonly sweeping: boolean;
}

export interface DevicesParts {
  readonly db: DatabaseHandle;
  readonly outbox: Pick<IdbOutbox, 'write' | 'subscribe'>;
  readonly crypto: Pick<CryptoPort, 'digest'>;
  readonly now: () => number;
  /** What people call each operational domain, for searching. */
  readonly titles: () => Promise<ReadonlyMap<string, string>>;
}

interface Found {
  readonly org: string;
  readonly udid: string;
  readonly text: string;
  readonly rank: number;
  readonly order: number;
  readonly position: string;
  readonly at: readonly [domain: string, site: string];
}

/** Devices at places over the same database as the outbox. */
export class IdbDevices implements DevicesView, DevicesIntake {
  readonly #parts: DevicesParts;
  /** All rows' texts, from the first search until something changes. */
  #texts: Promise<readonly Found[]> | undefined;

  constructor(parts: DevicesParts) {
    this.#parts = parts;
    parts.outbox.subscribe(() => {
      this.#texts = undefined;
    });
  }

  async overview(): Promise<DevicesOverview> {
    const { db, now } = this.#parts;
    const read = () =>
      db.use(async (open) => {
        const tx = together.of(open);
        return Promise.all([
          sumsIn(tx),
          tx.objectStore('meta').get(FIRST),
          tx.objectStore('device').index('due').count(IDBKeyRange.upperBound(now())),
        ]);
      });
    let [kept, first, due] = await read();
    if (due > 0) {
      await this.#becomeDue();
      [kept, first, due] = await read();
    }
    const { devices, needs, others, stuck } = kept;
    return {
      devices,
      needs,
      ...((first as StoredFirst | undefined) ?? noFirst),
      stuck,
      others: Object.entries(others).map(([name, unsent]) => ({ name, unsent })),
    };
  }

  sites(): Promise<readonly SiteCount[]> {
    return this.#parts.db.use(async (db) => (await db.getAll('meta', OF_SITES)) as SiteCount[]);
  }

  async find(query: DeviceQuery): Promise<{ readonly rows: readonly DeviceAtPlace[]; readonly of: number }> {
    const words = searchWords(query.words ?? '');
    if (words.length > 0) return this.#search(query, words);
    return this.#parts.db.use((db) =>
      query.at === undefined ? findByNeed(db, query) : findAtSite(db, query, query.at),
    );
  }

  device(org: string, udid: string): Promise<DeviceAtPlace | undefined> {
    return this.#parts.db.use(async (db) => (await db.get('device', [org, udid]))?.row);
  }

  known(udid: string): Promise<readonly DeviceAtPlace[]> {
    return this.#parts.db.use(async (db) => {
      const found = await db.getAllFromIndex('device', 'udid', udid);
      return rowsOf(found).sort((a, b) => Number(a.simulated) - Number(b.simulated));
    });
  }

  async read(org: string, udid: string, record?: string): Promise<void> {
    await this.#parts.outbox.write(async (tx) => {
      const records = await tx
        .objectStore('q')
        .index('device')
        .getAll(IDBKeyRange.bound([udid, 0], [udid, Infinity]));
      // Lists are by person: what a colleague was refused on this phone is theirs to read.
      const reader = (await tx.objectStore('meta').get(READER)) as StoredReader | undefined;
      const refused = records.filter(
        (row) =>
          row.org === org &&
          (record === undefined || row.id === record) &&
          row.operator === reader?.operator &&
          (row.state === 'refused' || row.state === 'rejected'),
      );
      putRows(
        tx,
        refused.map((row) => ({ ...row, read: true as const })),
      );
      const told = tx.objectStore('told');
      // What waits for others goes on waiting, whoever has read of it.
      for (const row of await told.index('udid').getAll([org, udid]))
        if (row.report?.outcome === 'refused' && row.report.by === reader?.operator)
          await told.put({ ...row, report: { ...row.report, read: true } });
      touch(tx, org, udid);
    });
  }

  cursor(org: string): Promise<ToldFrom> {
    return this.#parts.db.use(async (db) => {
      const meta = db.transaction('meta').store;
      const [{ cursor }, reader] = await Promise.all([readCursor(meta, org), meta.get(READER)]);
      return { org, after: cursor, reader: (reader as StoredReader | undefined)?.operator };
    });
  }

  async take(from: ToldFrom, answer: FieldDevices): Promise<void> {
    await this.#parts.outbox.write((tx) => take(tx, from, answer));
  }

  async keepFor(person: {
    readonly operator: string;
    readonly orgs: readonly string[];
  }): Promise<{ readonly made: Promise<void> }> {
    await this.#forgetOthers(person.orgs);
    const reader = await this.#parts.db.use(
      async (db) => (await db.get('meta', READER)) as StoredReader | undefined,
    );
    const orgs = [...person.orgs].sort();
    const isOther = reader?.operator !== person.operator;
    const isOlder = reader?.version !== VERSION;
    if (isOther || isOlder || JSON.stringify(reader.orgs) !== JSON.stringify(orgs)) {
      const { operator } = person;
      const begun: StoredReader = { version: VERSION, operator, orgs, from: { of: 'q', key: null } };
      await this.#parts.outbox.write(async (tx) => {
        const meta = tx.objectStore('meta');
        // The same person's rows stay until each is made anew: only an organisation was left or joined.
        if (isOther || isOlder) {
          await tx.objectStore('device').clear();
          await meta.put(noSums(), SUMS);
          await meta.delete(FIRST);
          await meta.delete(OF_SITES);
        }
        // The backend tells each person what was refused to them: it is asked anew, from the start.
        if (isOther) {
          await tx.objectStore('told').clear();
          await meta.delete(TOLD_OF);
        } else if (isOlder) {
          // Also for what it told an older version less of. Until it answers, which may take days, what it told is all there is.
          for (const key of await meta.getAllKeys(TOLD_OF))
            await meta.put({ ...(await readCursor(meta, key.slice(CURSOR.length))), cursor: '' }, key);
        }
        await meta.put(begun, READER);
      });
    } else if (reader.from === null) return { made: Promise.resolve() };
    return { made: this.#makeAnew() };
  }

  /** What the backend said of organisations where this person does not work. Records that were captured there stay. */
  async #forgetOthers(orgs: readonly string[]): Promise<void> {
    const keys = await this.#parts.db.use((db) => db.getAllKeys('meta', TOLD_OF));
    for (const org of keys.map((key) => key.slice(CURSOR.length)).filter((name) => !orgs.includes(name)))
      await this.#parts.outbox.write(async (tx) => {
        const told = tx.objectStore('told');
        const ofOrg = IDBKeyRange.bound([org], [org, []]);
        for (const { udid } of await told.getAll(ofOrg)) touch(tx, org, udid);
        await told.delete(ofOrg);
        await tx.objectStore('meta').delete(`${CURSOR}${org}`);
      });
  }

  /** Makes all rows, in slices, each with the place where the next one begins: a phone that dies goes on there. */
  async #makeAnew(): Promise<void> {
    const { db, outbox } = this.#parts;
    for (;;) {
      const reader = await db.use(
        async (open) => (await open.get('meta', READER)) as StoredReader | undefined,
      );
      const from = reader?.from;
      if (reader === undefined || from == null) return;
      if (from.of === 'q') {
        const range = from.key === null ? null : IDBKeyRange.lowerBound(from.key, true);
        const rows = await db.use((open) => open.getAll('q', range, SLICE));
        const filled = await lackingIn(rows, this.#parts);
        const last = rows.at(-1)?.id;
        await outbox.write(async (tx) => {
          const now = await tx.objectStore('meta').get(READER);
          // Another tab made these rows meanwhile.
          if (JSON.stringify(now) !== JSON.stringify(reader)) return;
          // What has changed since it was read keeps what it has become, and gets only what it lacked.
          for (const { id, org, udid } of rows) {
            const row = await tx.objectStore('q').get(id);
            const lacks = filled.get(id);
            if (row !== undefined && lacks !== undefined) putRows(tx, [{ ...lacks, ...row }]);
            touch(tx, org, udid);
          }
          const next =
            rows.length < SLICE
              ? { of: 'told' as const, key: null }
              : { of: 'q' as const, key: last ?? null };
          await tx.objectStore('meta').put({ ...reader, from: next } satisfies StoredReader, READER);
        });
        continue;
      }
      const range = from.key === null ? null : IDBKeyRange.lowerBound(from.key, true);
      const keys = await db.use((open) => open.getAll('told', range, SLICE));
      await outbox.write(async (tx) => {
        const now = await tx.objectStore('meta').get(READER);
        if (JSON.stringify(now) !== JSON.stringify(reader)) return;
        for (const { org, udid } of keys) touch(tx, org, udid);
        const last = keys.at(-1);
        const next =
          keys.length < SLICE || last === undefined
            ? null
            : { of: 'told' as const, key: [last.org, last.key] };
        await tx.objectStore('meta').put({ ...reader, from: next } satisfies StoredReader, READER);
      });
    }
  }

  async #becomeDue(): Promise<void> {
    const { db, outbox, now } = this.#parts;
    const due = await db.use((open) => open.getAllFromIndex('device', 'due', IDBKeyRange.upperBound(now())));
    for (let from = 0; from < due.length; from += SLICE)
      await outbox.write(async (tx) => {
        for (const { org, udid } of due.slice(from, from + SLICE)) touch(tx, org, udid);
      });
  }

  async #search({ needs, at, limit, skip = 0 }: DeviceQuery, words: readonly string[]) {
    if (this.#texts === undefined) {
      const reading = this.#readTexts();
      this.#texts = reading;
      // A reading that failed must not be what every later search gets.
      reading.catch(() => {
        if (this.#texts === reading) this.#texts = undefined;
      });
    }
    const wanted = needs === undefined ? undefined : new Set(needs.map((need) => DEVICE_NEEDS.indexOf(need)));
    const found = (await this.#texts)
      .filter(
        (one) =>
          (wanted === undefined || wanted.has(one.rank)) &&
          (at === undefined ||
            (one.org === at.org && one.at[0] === at.domain && one.at[1] === (at.site ?? ''))) &&
          words.every((word) => holds(one.text, word)),
      )
      .sort(at === undefined ? byUrgency : byPosition);
    const page = found.slice(skip, skip + limit);
    const rows = await this.#parts.db.use((db) => {
      const { store } = db.transaction('device');
      return Promise.all(page.map(({ org, udid }) => store.get([org, udid])));
    });
    return { rows: rowsOf(rows), of: found.length };
  }

  async #readTexts(): Promise<readonly Found[]> {
    const titles = await this.#parts.titles();
    const entries = await this.#parts.db.use((db) => db.getAll('device'));
    return entries.flatMap(({ org, udid, row, text, domain, site = '', rank, order = 0 }) => {
      if (text === undefined || domain === undefined || rank === undefined) return [];
      const title = titles.get(domain)?.toLowerCase() ?? '';
      return [
        {
          org,
          udid,
          text: `${text}\n${title}`,
          rank,
          order,
          position: row?.position ?? '',
          at: [domain, site] as const,
        },
      ];
    });
  }
}

async function readCursor(meta: { get(key: string): Promise<unknown> }, org: string): Promise<ToldCursor> {
  const kept = (await meta.get(`${CURSOR}${org}`)) as ToldCursor | undefined;
  return kept ?? { cursor: '', turn: 0, sweeping: false };
}

/** One answer about an organisation's devices. What a telling from the start did not name again is gone at its end. */
async function take(tx: Write, { org, reader: asker }: ToldFrom, answer: FieldDevices): Promise<void> {
  const [told, meta] = [tx.objectStore('told'), tx.objectStore('meta')];
  const reader = (await meta.get(READER)) as StoredReader | undefined;
  // Asked for by whoever had this phone before: it says what was refused to them, and not what was to its reader.
  if (reader?.operator !== asker) return;
  const before = await readCursor(meta, org);
  const begins = answer.after === '';
  // Asked for by another tab before this place was reached: what came since must not be undone by it.
  if (!begins && answer.after !== before.cursor) return;
  const turn = begins ? before.turn + 1 : before.turn;
  const sweeping = begins || before.sweeping;
  const rows: ToldRow[] = [
    ...answer.devices.map((device) => ({
      ...{ org, key: `d ${device.maker} ${device.udid}`, udid: device.udid, turn, device },
    })),
    ...answer.records
      .filter(({ outcome }) => outcome !== 'settled')
      .map((report) => ({ org, key: `r ${report.record}`, udid: report.udid, turn, report })),
  ];
  for (const row of rows) {
    const known = row.report === undefined ? undefined : await told.get([org, row.key]);
    const isRead = known?.report?.read === true && known.report.at === row.report?.at;
    await told.put(
      isRead && row.report !== undefined ? { ...row, report: { ...row.report, read: true } } : row,
    );
    touch(tx, org, row.udid);
  }
  for (const { record, udid, outcome } of answer.records)
    if (outcome === 'settled') {
      await told.delete([org, `r ${record}`]);
      touch(tx, org, udid);
    }
  if (sweeping && !answer.more)
    for (const row of await told.index('turn').getAll(IDBKeyRange.bound([org, 0], [org, turn - 1]))) {
      await told.delete([org, row.key]);
      touch(tx, org, row.udid);
    }
  const cursor: ToldCursor = { cursor: answer.cursor, turn, sweeping: sweeping && answer.more };
  await meta.put(cursor, `${CURSOR}${org}`);
}
