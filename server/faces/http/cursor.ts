import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../../core/bytes.ts';

/**
 * Encodes a place in an organisation's stream of changes. The cursor names the organisation, so that it is never used
 * for another one's stream.
 */
export function toCursor(org: string, n: number): string {
  return toBase64Url(utf8(`${org}:${n}`));
}

/** The number in a cursor; 0 for an empty cursor, undefined for an invalid one. */
export function fromCursor(org: string, cursor: string): number | undefined {
  if (cursor === '') return 0;
  const text = fromUtf8(fromBase64Url(cursor) ?? new Uint8Array());
  const match = text === undefined ? null : /^([a-z0-9-]+):([0-9]{1,15})$/.exec(text);
  return match?.[1] === org ? Number(match[2]) : undefined;
}
