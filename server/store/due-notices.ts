import { sql } from 'kysely';
import type { DueCertificate, DueNotices } from '../ports/events.ts';
import type { Db } from './db.ts';
import { PENDING } from './key-lineage.ts';

export function dueNotices(db: Db): DueNotices {
  return {
    async untold(org, before, limit) {
      const rows = await sql<Omit<DueCertificate, 'notAfter'> & { readonly not_after: string }>`
        select c.serial, c.fingerprint, c.not_after, b.maker, b.udid, b.domain
        from bindings b join certificates c on c.binding = b.id
        where b.org = ${org} and b.ended_at is null
          and c.revoked_at is null and c.not_after < ${before}
          and not ${isPending('c')}
          and not exists (select 1 from due_notices d where d.serial = c.serial)
          and not exists (
            select 1 from certificates newer
            where newer.binding = b.id and newer.not_after > c.not_after
              and newer.revoked_at is null and not ${isPending('newer')})
        limit ${limit}`.execute(db);
      return rows.rows.map(({ not_after: notAfter, ...row }) => ({ ...row, notAfter }));
    },
    async note(serial, at) {
      const added = await db
        .insertInto('due_notices')
        .values({ serial, at })
        .onConflict((c) => c.doNothing())
        .executeTakeFirst();
      return added.numInsertedOrUpdatedRows === 1n;
    },
  };
}

/**
 * Whether a certificate of the binding `b` is for a pending key. Such a certificate does not help a device that has
 * lost that key.
 */
function isPending(certificate: 'c' | 'newer') {
  const serial = sql.ref(`${certificate}.serial`);
  return sql`exists (
    select 1 from lineage l where l.binding = b.id and l.state = ${PENDING} and l.serial = ${serial})`;
}
