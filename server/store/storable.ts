/** Replaces NUL, which PostgreSQL's text cannot contain (its documentation, section 8.3). */
export function storable<T>(value: T): T;
export function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value;
}
