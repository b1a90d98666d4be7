import type { Authorities, Authority } from '../ports/authorities.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

function toAuthority({ not_after, ...row }: Tables['authorities']): Authority {
  return { ...row, notAfter: not_after };
}

export function authorities(db: Db): Authorities {
  const select = db.selectFrom('authorities').selectAll();
  return {
    async authority(name) {
      const row = await select.where('name', '=', name).executeTakeFirst();
      return row && toAuthority(row);
    },
    async authorities() {
      return (await select.orderBy('name').execute()).map(toAuthority);
    },
    async saveAuthority({ notAfter, ...authority }) {
      await db
        .insertInto('authorities')
        .values({ ...authority, not_after: notAfter })
        // Two processes that start together make the same one, over the same key; the first stands.
        .onConflict((c) => c.doNothing())
        .execute();
    },
  };
}
