import type { StoredRecord } from '../../../ports/records.ts';
import { claimedKey } from '../binding/claimed-key.ts';

/** Most records that one transaction decides: enough to share its cost, few enough that nobody waits long behind it. */
const MOST = 256;

/**
 * Selects the records that may be decided together: at most one per device, the first, and at most one per key.
 * Devices in `blocked` wait for an earlier record. A record whose issuing was begun before is left out, since it is
 * resumed alone.
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
    const key = claimedKey(record.payload);
    if (key !== undefined) {
      if (keys.has(key)) continue;
      keys.add(key);
    }
    group.push(record);
  }
  return group;
}
