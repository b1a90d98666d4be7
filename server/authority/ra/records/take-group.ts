import { Object as Obj, String as Text } from 'typebox/type';
import { parse } from '../../../../contract/parse.ts';
import type { StoredRecord } from '../../../ports/records.ts';

/** All that is looked at here; the rest is judged where it is decided. */
const WithKey = Obj({ device: Obj({ publicKey: Text() }) });

/** As many as one transaction decides: enough to share its cost, few enough that nobody waits long behind it. */
const MOST = 256;

/**
 * The records that may be decided side by side: one at most of each device, the first, and one of each key. `blocked`
 * devices wait for an earlier record. What was begun before goes alone, since it resumes.
 */
export function takeGroup(
  pending: readonly StoredRecord[],
  blocked: ReadonlySet<string>,
): readonly StoredRecord[] {
  const names = new Set(blocked);
  const keys = new Set<string>();
  const group: StoredRecord[] = [];
  for (const record of pending) {
    if (group.length >= MOST) break;
    const { udid } = record;
    if (udid !== null && names.has(udid)) continue;
    if (udid !== null) names.add(udid);
    if (record.binding !== null) continue;
    const key = parse(WithKey, record.payload)?.device.publicKey;
    if (key !== undefined) {
      if (keys.has(key)) continue;
      keys.add(key);
    }
    group.push(record);
  }
  return group;
}
