import { deleteDB } from 'idb';
import { IdbAgain } from '../../src/storage/again.ts';
import { DatabaseHandle } from '../../src/storage/database.ts';
import { IdbOutbox } from '../../src/storage/outbox.ts';

const handles: DatabaseHandle[] = [];
const names: string[] = [];

/** A database name that no other test has. */
export function freshDatabase(): string {
  const name = `test-${globalThis.crypto.randomUUID()}`;
  names.push(name);
  return name;
}

export function openDatabase(name: string): DatabaseHandle {
  const handle = new DatabaseHandle(name);
  handles.push(handle);
  return handle;
}

export function openOutbox(name: string) {
  const db = openDatabase(name);
  const outbox = new IdbOutbox(db);
  return { db, outbox: Object.assign(outbox, { again: new IdbAgain(db, outbox) }) };
}

/** Waits until each is gone: a connection left open somewhere would hold this up, and fail the test. */
export async function dropDatabases(): Promise<void> {
  for (const handle of handles.splice(0)) handle.close();
  for (const name of names.splice(0)) await deleteDB(name);
}
