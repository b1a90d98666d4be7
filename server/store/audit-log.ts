import type { AuditLog } from '../ports/audit-log.ts';
import type { Db } from './db.ts';

export function auditLog(db: Db): AuditLog {
  const select = db.selectFrom('audit').selectAll();
  return {
    async last() {
      return select.orderBy('n', 'desc').limit(1).executeTakeFirst();
    },
    async write(entry) {
      await db.insertInto('audit').values(entry).execute();
    },
    async after(n, limit) {
      return select.where('n', '>', n).orderBy('n').limit(limit).execute();
    },
  };
}
