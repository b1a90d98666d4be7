/** Reads many keys with one statement. Keys that are not found are left out of the result. */
export type LoadMany<V> = (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>;

/** Most keys of one statement; more keys take several. */
const MOST = 256;

/**
 * Batches look-ups: keys that concurrent work asks for in one turn of the event loop are read with one statement.
 * Nothing is cached: a later turn sees what was written meanwhile.
 */
export function askTogether<V>(load: LoadMany<V>): (key: string) => Promise<V | undefined> {
  let waiting: Map<string, PromiseWithResolvers<V | undefined>> | undefined;

  async function answer(asked: Map<string, PromiseWithResolvers<V | undefined>>): Promise<void> {
    const keys = [...asked.keys()];
    for (let from = 0; from < keys.length; from += MOST) {
      const some = keys.slice(from, from + MOST);
      try {
        const found = await load(some);
        for (const key of some) asked.get(key)?.resolve(found.get(key));
      } catch (error) {
        for (const key of some) asked.get(key)?.reject(error);
      }
    }
  }

  return (key) => {
    if (waiting === undefined) {
      const mine = new Map<string, PromiseWithResolvers<V | undefined>>();
      waiting = mine;
      setImmediate(() => {
        waiting = undefined;
        void answer(mine);
      });
    }
    const pending = waiting.get(key);
    if (pending !== undefined) return pending.promise;
    const created = Promise.withResolvers<V | undefined>();
    waiting.set(key, created);
    return created.promise;
  };
}

/** Caches the answer to each key for its own lifetime. To be used for what no concurrent transaction changes. */
export function askOnce<V>(ask: (key: string) => Promise<V>): (key: string) => Promise<V> {
  const asked = new Map<string, Promise<V>>();
  return (key) => {
    const pending = asked.get(key);
    if (pending !== undefined) return pending;
    const created = ask(key);
    asked.set(key, created);
    return created;
  };
}
