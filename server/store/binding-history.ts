import { sql } from 'kysely';
import type { BindingHistory } from '../ports/bindings.ts';
import { toBinding } from './bindings.ts';
import type { Db } from './db.ts';

const SEARCHED = ['udid', 'maker', 'domain', 'site'] as const;

function holds(column: (typeof SEARCHED)[number], word: string) {
  const pattern = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
  // The database lowers both sides, since JavaScript and the engines disagree about lower case.
  return sql<boolean>`lower(${sql.ref(column)}) like lower(${pattern}) escape '\\'`;
}

export function bindingHistory(db: Db): BindingHistory {
  const select = db.selectFrom('bindings').selectAll();
  return {
    async ofOrg(org, limit) {
      const rows = await select.where('org', '=', org).orderBy('bound_at', 'desc').limit(limit).execute();
      return rows.map(toBinding);
    },
    async find(org, words, limit) {
      let some = select.where('org', '=', org);
      for (const word of words)
        some = some.where((where) => where.or(SEARCHED.map((one) => holds(one, word))));
      return (await some.orderBy('bound_at', 'desc').limit(limit).execute()).map(toBinding);
    },
    async ofUdid(udid) {
      const rows = await select.where('udid', '=', udid).execute();
      return rows.map(toBinding);
    },
  };
}
