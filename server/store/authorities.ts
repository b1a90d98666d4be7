import { fromPem, toPem } from '../../core/pem.ts';
import type { Authorities, Authority } from '../ports/authorities.ts';
import type { IssuerName } from '../ports/issuer-name.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

type Row = Tables['authorities'];

function toAuthority(row: Row): Authority {
  const { name, org, generation, root, certificate, anchor } = row;
  const { new_with_old: newWithOld, old_with_new: oldWithNew, replaced_at: at, watched_until: until } = row;
  return {
    name,
    org,
    generation,
    root,
    certificate,
    anchor,
    notAfter: row.not_after,
    crossed: newWithOld === null || oldWithNew === null ? null : { newWithOld, oldWithNew },
    replaced: at === null || until === null ? null : { at, until },
    ...(row.above === null ? {} : { above: fromPem('CERTIFICATE', row.above) }),
  };
}

function toRow({ notAfter, crossed, replaced, above, ...same }: Authority): Row {
  return {
    ...same,
    not_after: notAfter,
    new_with_old: crossed?.newWithOld ?? null,
    old_with_new: crossed?.oldWithNew ?? null,
    replaced_at: replaced?.at ?? null,
    watched_until: replaced?.until ?? null,
    above: above?.map((der) => toPem('CERTIFICATE', der)).join('') ?? null,
  };
}

export function authorities(db: Db): Authorities {
  const select = db.selectFrom('authorities').selectAll();
  return {
    async authority(name) {
      const row = await select.where('name', '=', name as IssuerName).executeTakeFirst();
      return row && toAuthority(row);
    },
    async authorities() {
      return (await select.orderBy('name').execute()).map(toAuthority);
    },
    async ofOrg(org) {
      return (await select.where('org', '=', org).orderBy('generation').execute()).map(toAuthority);
    },
    async saveAuthority(authority) {
      await db
        .insertInto('authorities')
        .values(toRow(authority))
        // Two processes that start together create the same CA over the same key; the first row stays.
        .onConflict((c) => c.doNothing())
        .execute();
    },
    async replace(name, { at, until }) {
      await db
        .updateTable('authorities')
        .set({ replaced_at: at, watched_until: until })
        .where('name', '=', name)
        .execute();
    },
  };
}
