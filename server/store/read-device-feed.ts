import { parse } from '../../contract/parse.ts';
import { Registration } from '../../contract/registration.ts';
import type { StoredChange } from '../ports/changes.ts';
import type { DeviceFeed, FeedEntry } from '../ports/device-feed.ts';
import type { SuspensionReason } from '../ports/device-life.ts';
import { scopeOf } from '../ports/orgs.ts';
import { toBinding } from './bindings.ts';
import { toCertificate } from './certificates.ts';
import type { Db } from './db.ts';
import type { BulkRows } from './engine.ts';
import { groupBy } from './grouped/group-by.ts';
import { fromJson } from './json.ts';
import { toStoredRow } from './list-bulk.ts';
import { toPlace } from './places.ts';
import { readRecords } from './records.ts';

export function deviceFeed(db: Db, bulk: BulkRows): DeviceFeed {
  return {
    async after(org, n, limit) {
      const since = db.selectFrom('device_feed').select(['kind', 'id', 'n']).where('org', '=', org);
      return since.where('n', '>', n).orderBy('n').limit(limit).execute();
    },
    async facts(org, entries) {
      const idsOf = (kind: FeedEntry['kind']) =>
        entries.filter((one) => one.kind === kind).map(({ id }) => id);
      const within = { column: 'org', value: org } as const;
      const ids = idsOf('binding');
      const named = await many(ids, (keys) =>
        bulk.select(db, { table: 'bindings', key: 'id', within }, keys),
      );
      const alike = await many(unique(named.map(({ udid }) => udid)), (keys) =>
        bulk.select(db, { table: 'bindings', key: 'udid', within }, keys),
      );
      const bindings = [...new Map([...named, ...alike].map((row) => [row.id, toBinding(row)])).values()];
      const own = bindings.filter(({ id }) => ids.includes(id));
      const roots = unique([...own.map(({ registration }) => registration), ...idsOf('record')]);
      const places = await many(roots, (keys) =>
        bulk.select(db, { table: 'places', key: 'registration', tail: 'order by n desc' }, keys),
      );
      const records = await readRecords(db, bulk, unique([...roots, ...places.map((one) => one.stands_by)]));
      const certificates = await many(ids, (keys) =>
        bulk.select(
          db,
          {
            table: 'certificates',
            key: 'binding',
            tail: 'order by turn desc, not_before desc, serial',
          },
          keys,
        ),
      );
      const handed = await many(
        certificates.map(({ serial }) => serial),
        (keys) => bulk.select(db, { table: 'handed', key: 'serial' }, keys),
      );
      const pending = await many(ids, (keys) =>
        bulk.select(db, { table: 'lineage', key: 'binding', where: "state = 'pending'" }, keys),
      );
      const suspensions = await many(ids, (keys) =>
        bulk.select(db, { table: 'suspensions', key: 'binding' }, keys),
      );
      const successions = await many(ids, (keys) =>
        bulk.select(db, { table: 'successions', key: 'binding' }, keys),
      );
      const predecessors = await many(
        successions.map(({ predecessor }) => predecessor),
        (keys) => bulk.select(db, { table: 'bindings', key: 'id', within }, keys),
      );
      const udidOf = new Map(predecessors.map(({ id, udid }) => [id, udid]));
      const changes = await many(roots, (keys) =>
        bulk.select(db, { table: 'changes', key: 'record', within, tail: 'order by n' }, keys),
      );
      const authors = records.map(({ author }) => author);
      const deciders = unique(changes.flatMap(({ change }) => fromJson<StoredChange>(change).by ?? []));
      const members = await many(deciders, (keys) =>
        bulk.select(db, { table: 'memberships', key: 'operator', within }, keys),
      );
      const people = await many(
        unique([...authors, ...[...suspensions, ...places].map((one) => one.by_whom), ...deciders]),
        (keys) => bulk.select(db, { table: 'people', key: 'operator' }, keys),
      );
      const org1 = await db.selectFrom('orgs').selectAll().where('name', '=', org).executeTakeFirst();
      const scope = { column: 'scope', value: org1 === undefined ? '' : scopeOfRow(org1) } as const;
      const udids = unique([
        ...own.map(({ udid }) => udid as string),
        ...records.flatMap(({ udid }) => (udid === null ? [] : [udid])),
      ]);
      const rows = await many(udids, (keys) =>
        bulk.select(db, { table: 'list_rows', key: 'udid', within: scope }, keys),
      );
      const domains = (await db.selectFrom('domains').select('name').where('org', '=', org).execute()).map(
        ({ name }) => name,
      );
      const siteIds = unique([
        ...own.flatMap(({ site }) => (site === null ? [] : [site])),
        ...places.flatMap(({ site }) => (site === null ? [] : [site])),
        ...records.flatMap(({ payload }) => siteOf(payload)),
      ]);
      const sites = await many(siteIds, (keys) => bulk.select(db, { table: 'sites', key: 'id' }, keys));
      return {
        bindings,
        records: new Map(records.map((one) => [one.id, one])),
        certificates: groupBy(certificates.map(toCertificate), ({ binding }) => binding),
        handed: new Set(handed.map(({ serial }) => serial)),
        pending: new Set(pending.flatMap(({ serial }) => (serial === null ? [] : [serial]))),
        suspensions: new Map(
          suspensions.map(({ binding, reason, at, by_whom: by }) => [
            binding,
            { binding, reason: reason as SuspensionReason, at, by },
          ]),
        ),
        successions: new Map(successions.map(({ binding, position }) => [binding, position])),
        replaced: new Map(
          successions.flatMap(({ binding, predecessor }) => {
            const udid = udidOf.get(predecessor);
            return udid === undefined ? [] : [[binding, udid] as const];
          }),
        ),
        places: groupBy(places.map(toPlace), ({ registration }) => registration),
        changes: new Map(changes.map(({ record, change }) => [record, fromJson<StoredChange>(change)])),
        members: new Set(members.map(({ operator }) => operator)),
        people: new Map(people.map(({ operator, name }) => [operator, name])),
        rows: groupBy(rows.filter((row) => row.org === org).map(toStoredRow), ({ row }) => row.udid),
        siteTitles: new Map(
          sites
            .filter(({ domain }) => domains.includes(domain))
            .map(({ domain, id, title }) => [JSON.stringify([domain, id]), title]),
        ),
      };
    },
  };
}

/** Most keys of one statement: as many certificates as the desk's longest list of devices may have. */
const MOST = 4096;

async function many<R>(
  keys: readonly string[],
  read: (keys: readonly string[]) => Promise<R[]>,
): Promise<R[]> {
  const out: R[] = [];
  for (let from = 0; from < keys.length; from += MOST)
    out.push(...(await read(keys.slice(from, from + MOST))));
  return out;
}

function unique(keys: readonly string[]): string[] {
  return [...new Set(keys)];
}

function scopeOfRow({ name, training }: { readonly name: string; readonly training: number }): string {
  return scopeOf({ name, training: training === 1 });
}

function siteOf(payload: unknown): readonly string[] {
  const site = parse(Registration, payload)?.place.site;
  return site === undefined ? [] : [site];
}
