import type { PhotoRow } from '../ports/photos.ts';
import type { DatabaseHandle } from './database.ts';

/**
 * On a full phone photos go before the reserve does, one at a time: those that the backend signed for before those that wait,
 * and of either the oldest first. A record is worth more than a picture of it. Gives which kind it was, if there is any. The
 * row stays as it is, since a phone that is full to the last byte could not write another: one that waits without its bytes is
 * given up (photos.ts).
 */
export async function giveUpPhoto(
  handle: DatabaseHandle,
  which: 'any' | 'kept' = 'any',
): Promise<'kept' | 'waiting' | undefined> {
  return handle.use(async (db) => {
    const digests = await db.getAllKeys('blob');
    const found = await Promise.all(digests.map((digest) => db.get('photo', digest)));
    const rows = found.filter((row) => row !== undefined);
    const oldest = rows
      .filter((row) => which === 'any' || isKept(row))
      .sort((a, b) => Number(isKept(b)) - Number(isKept(a)) || a.createdAt - b.createdAt)[0];
    const digest = oldest?.digest ?? (which === 'any' ? digests[0] : undefined);
    if (digest === undefined) return undefined;
    await db.delete('blob', digest);
    return oldest !== undefined && isKept(oldest) ? 'kept' : 'waiting';
  });
}

function isKept({ state }: PhotoRow): boolean {
  return state === 'kept';
}
