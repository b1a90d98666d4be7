import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../../core/bytes.ts';
import type { StoredEra } from '../../ports/eras.ts';

/** Characters of an era's name in a cursor: 36 random bits. */
const TAG = 6;

/**
 * Encodes a place in an organisation's stream of changes. The cursor names the organisation, so that it is never used
 * for another one's stream, and the era, so that a number is never read in another life of the database.
 */
export function toCursor(org: string, n: number, era: StoredEra | undefined): string {
  return toBase64Url(utf8(`${tagOf(era)}${org}:${n}`));
}

/**
 * The number in a cursor; undefined for an invalid one. 0 for an empty cursor and for one of another era: the stream is then
 * told from its beginning, and what a phone knows already changes nothing there.
 */
export function fromCursor(org: string, cursor: string, era: StoredEra | undefined): number | undefined {
  if (cursor === '') return 0;
  const text = fromUtf8(fromBase64Url(cursor) ?? new Uint8Array());
  const match = text === undefined ? null : /^([A-Za-z0-9_-]{6}\/)?([a-z0-9-]+):([0-9]{1,15})$/.exec(text);
  if (match?.[2] !== org) return undefined;
  return (match[1] ?? '') === tagOf(era) ? Number(match[3]) : 0;
}

/** Empty in the first era, whose cursors were given before eras had names. */
function tagOf(era: StoredEra | undefined): string {
  return era === undefined ? '' : `${era.era.slice(0, TAG)}/`;
}
