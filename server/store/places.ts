import type { DomainName } from '../../core/name.ts';
import type { HandedCertificates, PlaceChange, Places } from '../ports/places.ts';
import type { Db } from './db.ts';
import { feedBinding, feedRecord } from './device-feed.ts';
import { fromJson } from './json.ts';
import type { Tables } from './tables.ts';

export function toPlace(row: Tables['places']): PlaceChange {
  const { registration, binding, site, position, record, at, because } = row;
  return {
    registration,
    binding,
    // Parsed before it was written.
    domain: row.domain as DomainName,
    site,
    position,
    standsBy: row.stands_by,
    record,
    at,
    by: row.by_whom,
    because,
    before: fromJson<PlaceChange['before']>(row.before),
  };
}

export function places(db: Db): Places {
  const of = (registration: string) =>
    db.selectFrom('places').selectAll().where('registration', '=', registration).orderBy('n', 'desc');
  return {
    ofRegistration: async (registration) => (await of(registration).execute()).map(toPlace),
    async put({ standsBy, by, before, ...rest }) {
      const last = await of(rest.registration).limit(1).executeTakeFirst();
      const row = { ...rest, stands_by: standsBy, by_whom: by, before: JSON.stringify(before) };
      await db
        .insertInto('places')
        .values({ ...row, n: (last?.n ?? 0) + 1 })
        .execute();
      if (rest.binding === null) await feedRecord(db, rest.registration, 'always');
      else await feedBinding(db, rest.binding);
    },
  };
}

export function handedCertificates(db: Db): HandedCertificates {
  return {
    async isHanded(serial) {
      const row = await db
        .selectFrom('handed')
        .select('serial')
        .where('serial', '=', serial)
        .executeTakeFirst();
      return row !== undefined;
    },
    async hand({ serial, binding }, how, at) {
      await db
        .insertInto('handed')
        .values({ serial, how, at })
        .onConflict((c) => c.doNothing())
        .execute();
      await feedBinding(db, binding);
    },
  };
}
