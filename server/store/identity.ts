import type { DatabaseIdentity } from '../ports/identity.ts';
import { PUT_BACK } from '../trail/begin-era.ts';
import type { Db } from './db.ts';

/** Reads whose database this is, before its tables are made or brought up to date. Undefined if nothing was begun in it. */
export async function databaseIdentity(db: Db): Promise<DatabaseIdentity | undefined> {
  const settings = await ifThere(() => db.selectFrom('settings').selectAll().execute());
  const setting = (wanted: string) => settings?.find(({ name }) => name === wanted)?.value;
  const aud = setting('aud');
  if (aud === undefined) return undefined;
  const keys = await db.selectFrom('statement_keys').select('kid').orderBy('from_at').execute();
  // A database of an older version has no seals yet.
  const seals = await ifThere(() =>
    db.selectFrom('audit_seals').select('n').orderBy('n', 'desc').limit(1).execute(),
  );
  return {
    aud,
    kids: keys.map(({ kid }) => kid),
    starts: Number(setting('starts') ?? 0),
    seal: seals?.[0]?.n ?? 0,
    isPutBack: setting(PUT_BACK) !== undefined,
  };
}

/** undefined_table (PostgreSQL, appendix A); SQLite has no code of its own for it. */
async function ifThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ('code' in error && error.code === '42P01') return undefined;
    if (/^no such table:/.test(error.message)) return undefined;
    throw error;
  }
}
