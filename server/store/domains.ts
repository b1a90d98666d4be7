import { MOST_SITES } from '../../contract/work-pack.ts';
import { type DomainName, isAncestor } from '../../core/name.ts';
import type { Domain, Domains, Site } from '../ports/domains.ts';
import type { Db } from './db.ts';
import { feedSite } from './device-feed.ts';
import type { Tables } from './tables.ts';
import { changed } from './versions.ts';

function toDomain(row: Tables['domains']): Domain {
  return { name: row.name as DomainName, org: row.org, title: row.title };
}

export function domains(db: Db): Domains {
  const select = db.selectFrom('domains').selectAll();
  return {
    async domain(name) {
      const row = await select.where('name', '=', name).executeTakeFirst();
      return row && toDomain(row);
    },
    async ofOrg(org) {
      return (await select.where('org', '=', org).orderBy('name').execute()).map(toDomain);
    },
    async domains() {
      return (await select.orderBy('name').execute()).map(toDomain);
    },
    async saveDomain({ name, org, title }, at) {
      await db
        .insertInto('domains')
        .values({ name, org, title, created_at: at })
        .onConflict((c) => c.column('name').doUpdateSet({ title }))
        .execute();
      await changed(db, 'domains');
    },
    async overlapping(name) {
      const labels = name.split('.');
      const upward = labels.map((_, index) => labels.slice(index).join('.'));
      const found = await select
        .where((where) => where.or([where('name', 'in', upward), where('name', 'like', `%.${name}`)]))
        .orderBy('name')
        .execute();
      // LIKE ignores case and knows wildcards. A domain name has neither, but the exact rule decides here.
      return found
        .map(toDomain)
        .filter(
          (other) => other.name === name || isAncestor(other.name, name) || isAncestor(name, other.name),
        );
    },
    async sites(domain) {
      const rows = await db
        .selectFrom('sites')
        .select(['id', 'title', 'latitude', 'longitude'])
        .where('domain', '=', domain)
        .where('closed_at', 'is', null)
        .orderBy('id')
        .limit(MOST_SITES)
        .execute();
      return rows.map(toSite);
    },
    async countSites(domain) {
      const { n } = await db
        .selectFrom('sites')
        .select((select) => select.fn.countAll<number | string>().as('n'))
        .where('domain', '=', domain)
        .where('closed_at', 'is', null)
        .executeTakeFirstOrThrow();
      return Number(n);
    },
    async site(domain, id) {
      const row = await db
        .selectFrom('sites')
        .select(['id', 'title', 'latitude', 'longitude', 'closed_at'])
        .where('domain', '=', domain)
        .where('id', '=', id)
        .executeTakeFirst();
      return row && { ...toSite(row), closed: row.closed_at !== null };
    },
    async closeSite(domain, id, at) {
      await db
        .updateTable('sites')
        .set({ closed_at: at })
        .where('domain', '=', domain)
        .where('id', '=', id)
        .execute();
      await changed(db, 'domains');
    },
    async saveSite(domain, { id, title, location }) {
      const where = location && { latitude: location.latitude, longitude: location.longitude };
      const before = await db
        .selectFrom('sites')
        .select('title')
        .where('domain', '=', domain)
        .where('id', '=', id)
        .executeTakeFirst();
      await db
        .insertInto('sites')
        .values({ domain, id, title, ...where })
        .onConflict((c) => c.columns(['domain', 'id']).doUpdateSet({ title, closed_at: null, ...where }))
        .execute();
      // A file of sites that is imported again must not have every phone read every device again.
      if (before?.title !== title) await feedSite(db, domain, id);
      await changed(db, 'domains');
    },
  };
}

function toSite(row: {
  readonly id: string;
  readonly title: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
}): Site {
  const { id, title, latitude, longitude } = row;
  return {
    id,
    title,
    ...(latitude === null || longitude === null ? {} : { location: { latitude, longitude } }),
  };
}
