import { statfsSync } from 'node:fs';
import { codeOf, type Outage, Unavailable } from '../ports/unavailable.ts';

/** Primary result codes (sqlite.org/rescode.html) of what is not the statement's own fault. */
const OUTAGES: readonly (readonly [prefix: string, outage: Outage])[] = [
  ['SQLITE_BUSY', 'database_busy'],
  ['SQLITE_LOCKED', 'database_busy'],
  ['SQLITE_NOMEM', 'database_busy'],
  ['SQLITE_FULL', 'disk_full'],
  ['SQLITE_IOERR', 'disk_failing'],
  ['SQLITE_CORRUPT', 'database_damaged'],
  ['SQLITE_NOTADB', 'database_damaged'],
  ['SQLITE_READONLY', 'database_read_only'],
  ['SQLITE_CANTOPEN', 'database_away'],
];

/** Below this many bytes nothing was written because nothing fits. */
const NOTHING = 64 * 1024;

/** The error that goes on: one of ours where the database as a whole is at fault. */
export function translated(error: unknown, folder: string): unknown {
  if (error instanceof Unavailable) return error;
  const found = OUTAGES.find(([prefix]) => codeOf(error).startsWith(prefix));
  if (found === undefined) return error;
  // What a full disk breaks beside the database's own file (the WAL's index, a new WAL) is said to be an I/O error.
  const isFull = ['disk_failing', 'database_away'].includes(found[1]) && freeBytes(folder) < NOTHING;
  return new Unavailable(isFull ? 'disk_full' : found[1], error);
}

/** Bytes of a folder's file system that this user may still take. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
