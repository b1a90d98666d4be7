import { type IDBPObjectStore, unwrap } from 'idb';

interface Readable<Row> {
  get(id: string): Promise<Row | undefined>;
  getAll(query: IDBKeyRange, count: number): Promise<Row[]>;
}

/**
 * Rows by id. Ids rise with time (UUIDv7), so those of one batch lie together and are one request; what lies elsewhere is
 * asked for by itself. A request each is what a long drain costs a phone most.
 */
export async function readMany<Row extends { readonly id: string }>(
  store: Readable<Row>,
  ids: readonly string[],
): Promise<Map<string, Row>> {
  const sorted = [...ids].sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const wanted = new Set(ids);
  const near = await store.getAll(IDBKeyRange.bound(first, last), 2 * wanted.size);
  const found = new Map(near.filter(({ id }) => wanted.has(id)).map((row) => [row.id, row]));
  const rest = await Promise.all([...wanted].filter((id) => !found.has(id)).map((id) => store.get(id)));
  for (const row of rest) if (row !== undefined) found.set(row.id, row);
  return found;
}

/** Puts without awaiting each request: one that fails aborts the transaction, and its promise tells whoever waits. */
export function putMany(store: object, rows: readonly object[]): void {
  const bare = unwrap(store as IDBPObjectStore);
  for (const row of rows) bare.put(row);
}
