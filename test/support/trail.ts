import type { AuditEntry } from '../../server/ports/audit-log.ts';
import type { Needs } from '../../server/ports/stores.ts';

/** The whole audit trail, of all writers, by time. */
export async function trailOf({ audit }: Needs<'audit'>): Promise<AuditEntry[]> {
  const all = await audit.after(undefined, 100_000);
  return all.sort((one, other) => (one.at === other.at ? 0 : one.at < other.at ? -1 : 1));
}
