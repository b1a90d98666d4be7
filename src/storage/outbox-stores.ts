import type { IDBPTransaction } from 'idb';
import type { Schema } from './database.ts';

/** Everything the outbox writes, in one transaction: rows and counts never disagree. */
export const STORES: ('env' | 'q' | 'meta' | 'rcpt' | 'device' | 'told')[] = [
  'env',
  'q',
  'meta',
  'rcpt',
  'device',
  'told',
];
export type Write = IDBPTransaction<Schema, typeof STORES, 'readwrite'>;
