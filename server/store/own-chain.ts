import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { AuditFacts, AuditHead } from '../ports/audit-log.ts';
import { chainStart, nextEntry } from '../trail/chain.ts';
import type { Db } from './db.ts';
import type { Engine } from './engine.ts';

/** Collects what a transaction adds to the audit trail. */
export interface OwnChain {
  append(facts: AuditFacts): Promise<void>;
  /** Numbers and writes the collected entries. It must be the last step of a transaction. */
  flush(): Promise<void>;
}

const COLUMNS = [
  'writer',
  'n',
  'at',
  'step',
  'event',
  'actor',
  'org',
  'subject',
  'detail',
  'prev',
  'hash',
  'salt',
] as const;

/** 128 bits: whoever sees a digest cannot try salts. */
const SALT = 16;

/**
 * This process's audit chain. Its head is one row, locked from here to the end of the transaction. Only transactions
 * of the same process wait for it; and since it is locked last, no transaction has it locked while it waits for
 * another lock.
 */
export function ownChain(
  db: Db,
  writer: string,
  { bulk, locking }: Pick<Engine, 'bulk' | 'locking'>,
): OwnChain {
  const added: AuditFacts[] = [];

  async function head(): Promise<AuditHead | undefined> {
    const found = await sql<AuditHead>`
      select writer, n, hash from audit_heads where writer = ${writer} ${sql.raw(locking.wait)}`.execute(db);
    return found.rows[0];
  }

  async function firstHead(): Promise<AuditHead> {
    const start = chainStart(writer);
    await db
      .insertInto('audit_heads')
      .values({ ...start, sealed: 0 })
      .onConflict((c) => c.doNothing())
      .execute();
    return (await head()) ?? start;
  }

  return {
    async append(facts) {
      added.push(facts);
    },
    async flush() {
      if (added.length === 0) return;
      let last: AuditHead = (await head()) ?? (await firstHead());
      const salts = randomBytes(SALT * added.length);
      const rows = added.map((facts, index) => {
        const salt = salts.toString('base64url', SALT * index, SALT * (index + 1));
        const entry = nextEntry(last, facts, salt);
        last = entry;
        return COLUMNS.map((column) => entry[column]);
      });
      await bulk.insert(db, { table: 'audit', columns: COLUMNS, unlessThere: false }, rows);
      const { n, hash } = last;
      await db.updateTable('audit_heads').set({ n, hash }).where('writer', '=', writer).execute();
    },
  };
}
