/** Reads back JSON of ours. What stands in the database was checked before it was written. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}
