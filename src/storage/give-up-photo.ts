import type { DatabaseHandle } from './database.ts';

/**
 * On a full phone photos go before the reserve does, one at a time and the one that waits longest first: a record is worth
 * more than a picture of it. False if there is none. Its row stays as it is, since a phone that is full to the last byte could not
 * write another: a row that waits without its bytes is one given up (photos.ts).
 */
export async function giveUpPhoto(handle: DatabaseHandle): Promise<boolean> {
  return handle.use(async (db) => {
    const digests = await db.getAllKeys('blob');
    const rows = await Promise.all(digests.map((digest) => db.get('photo', digest)));
    const [oldest] = rows.filter((row) => row !== undefined).sort((a, b) => a.createdAt - b.createdAt);
    const digest = oldest?.digest ?? digests[0];
    if (digest === undefined) return false;
    await db.delete('blob', digest);
    return true;
  });
}
