import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../../core/bytes.ts';

/** Place in an organisation's stream of changes. It carries the organisation, so that one is never read as another's. */
export function toCursor(org: string, n: number): string {
  return toBase64Url(utf8(`${org}:${n}`));
}

/** The number behind a cursor; 0 for none, undefined for one that is not ours. */
export function fromCursor(org: string, cursor: string): number | undefined {
  if (cursor === '') return 0;
  const text = fromUtf8(fromBase64Url(cursor) ?? new Uint8Array());
  const match = text === undefined ? null : /^([a-z0-9-]+):([0-9]{1,15})$/.exec(text);
  return match?.[1] === org ? Number(match[2]) : undefined;
}
