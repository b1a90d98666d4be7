/** Reads many keys with one statement. What is not found is left out. */
export type LoadMany<V> = (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>;

/** As many keys as one statement asks for; above it there are several. */
const MOST = 256;

/**
 * Keys asked for in one turn of the event loop, by work that runs side by side, go out as one statement. Nothing is
 * remembered: whoever asks in a later turn sees what was written meanwhile.
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
    const there = waiting.get(key);
    if (there !== undefined) return there.promise;
    const made = Promise.withResolvers<V | undefined>();
    waiting.set(key, made);
    return made.promise;
  };
}

/** The answer to each key once for as long as this lives: for what no work beside it changes. */
export function askOnce<V>(ask: (key: string) => Promise<V>): (key: string) => Promise<V> {
  const asked = new Map<string, Promise<V>>();
  return (key) => {
    const there = asked.get(key);
    if (there !== undefined) return there;
    const made = ask(key);
    asked.set(key, made);
    return made;
  };
}
