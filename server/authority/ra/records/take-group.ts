import { parse } from '../../../../contract/parse.ts';
import { SiteRecord } from '../../../../contract/site-record.ts';
import type { StoredRecord } from '../../../ports/records.ts';
import { claimedKey } from '../binding/claimed-key.ts';

/** Most records that one transaction decides: enough to share its cost, few enough that nobody waits long behind it. */
const MOST = 256;

/**
 * What a record takes turns over with others: its device, or the site that it names. A site's second name is judged by the
 * first one, which has to be written by then. Undefined for a record that speaks of neither. No device's name has a space.
 */
export function turnOf({ udid, header, payload }: StoredRecord): string | undefined {
  if (udid !== null) return udid;
  if (header.typ !== 'site+jws') return undefined;
  const said = parse(SiteRecord, payload);
  return said && `site ${said.domain} ${said.site}`;
}

/**
 * Selects the records that may be decided together: at most one per device or site, the first, and at most one per key.
 * Turns in `blocked` wait for an earlier record. A record whose issuing was begun before is left out, since it is
 * resumed alone.
 */
export function takeGroup(
  pending: readonly StoredRecord[],
  blocked: ReadonlySet<string>,
): readonly StoredRecord[] {
  const turns = new Set(blocked);
  const keys = new Set<string>();
  const group: StoredRecord[] = [];
  for (const record of pending) {
    if (group.length >= MOST) break;
    const turn = turnOf(record);
    if (turn !== undefined && turns.has(turn)) continue;
    if (turn !== undefined) turns.add(turn);
    if (record.binding !== null) continue;
    const key = claimedKey(record.payload);
    if (key !== undefined) {
      if (keys.has(key)) continue;
      keys.add(key);
    }
    group.push(record);
  }
  return group;
}
