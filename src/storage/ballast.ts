import type { DatabaseHandle } from './database.ts';

/**
 * Room kept for the moment when the phone is full: given back, it lets what is being saved through. 4 MB are more than
 * 2,000 records.
 */
const BALLAST_BYTES = 4 * 1024 * 1024;
/** Filled up only where that hurts nobody. */
const ROOM_BYTES = 64 * 1024 * 1024;
const KEY = 'reserve';

/** Sees to it that the reserve is there; false where there is no room for it. */
export async function fillBallast(db: DatabaseHandle): Promise<boolean> {
  if ((await db.use((open) => open.count('ballast'))) > 0) return true;
  const { quota = 0, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  if (quota - usage < ROOM_BYTES) return false;
  // Random, because databases compress what they store and the quota counts what is left.
  const bytes = new Uint8Array(BALLAST_BYTES);
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  await db.use((open) => open.put('ballast', bytes, KEY));
  return true;
}

/** Gives the reserve back. False if it was not there: then the phone is full for good. */
export async function releaseBallast(db: DatabaseHandle): Promise<boolean> {
  return db.use(async (open) => {
    const isFilled = (await open.count('ballast')) > 0;
    if (isFilled) await open.clear('ballast');
    return isFilled;
  });
}
