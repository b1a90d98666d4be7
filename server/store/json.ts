/** Parses JSON that this server wrote. It was checked before it was written. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}
