import { StorageError } from './error.ts';

/** Milliseconds between tries after bytes were given back: a browser counts them as free a moment later. */
const WAITS = [50, 100, 200, 400, 800, 1600];

/** What goes where the quota is used up. Each gives whether there was anything. */
export interface Room {
  /** What the backend has signed for: nobody misses it. */
  readonly free: () => Promise<boolean>;
  /** What only this phone has, and the reserve. */
  readonly spare?: () => Promise<boolean>;
}

/**
 * Writes, and where the quota is used up makes room and tries again. What only this phone has goes only once the browser has had
 * the time to count what was given back before. Rejects as the write does.
 */
export async function writeMakingRoom<T>(write: () => Promise<T>, { free, spare }: Room): Promise<T> {
  let waits: number[] = [];
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'phone_storage_full') throw error;
      if (await free()) {
        waits = [...WAITS];
        continue;
      }
      const wait = waits.shift();
      if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait));
      else if (spare !== undefined && (await spare())) waits = [...WAITS];
      else throw error;
    }
  }
}
