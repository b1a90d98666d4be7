import type { Reads } from '../../../ports/group-stores.ts';
import type { OperatorKey } from '../../../ports/operator-keys.ts';
import type { StoredRecord } from '../../../ports/records.ts';

/** More records than one phone signs between two contacts. */
const MAX_WALK = 20_000;

/**
 * Whether this record first arrived after its operator's revocation and nothing shows that it was captured before,
 * whatever time it claims. A chain head reported before the revocation shows it for every record that hash-links to
 * that head: the phone could not have made the head without them.
 */
export async function cameAfterRevocation(
  record: StoredRecord,
  key: OperatorKey,
  { envelopes }: Reads<'envelopes'>,
): Promise<boolean> {
  if (key.revokedAt === null || record.receivedAt < key.revokedAt) return false;
  const { covered } = key;
  const { kid, seq } = record.header;
  if (covered === null || seq > covered.seq || covered.seq - seq > MAX_WALK) return true;
  let digest = covered.digest;
  for (let at = covered.seq; at > seq; at--) {
    const link = await envelopes.inChain(kid, at);
    // The chain has a gap, so nothing can be shown yet. The record is decided again when the gap has closed.
    if (link === undefined || link.digest !== digest || link.prev === null) return true;
    digest = link.prev;
  }
  return digest !== record.digest;
}
