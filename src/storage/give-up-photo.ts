import type { DatabaseHandle } from './database.ts';

/**
 * On a full phone photos go before the reserve does, one at a time and the one that waits longest first: a record is worth
 * more than a picture of it. False if there is none.
 */
export async function giveUpPhoto(handle: DatabaseHandle): Promise<boolean> {
  return handle.use(async (db) => {
    const digests = await db.getAllKeys('blob');
    const rows = await Promise.all(digests.map((digest) => db.get('photo', digest)));
    const [oldest] = rows.filter((row) => row !== undefined).sort((a, b) => a.createdAt - b.createdAt);
    const digest = oldest?.digest ?? digests[0];
    if (digest === undefined) return false;
    const tx = db.transaction(['photo', 'blob'], 'readwrite');
    await tx.objectStore('blob').delete(digest);
    if (oldest !== undefined) await tx.objectStore('photo').put({ ...oldest, state: 'given_up' });
    await tx.done;
    return true;
  });
}
