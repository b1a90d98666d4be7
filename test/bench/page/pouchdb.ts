import PouchDB from 'pouchdb-browser';

/** PouchDB 9 at its defaults, replicating to a server of its own kind. */
const local = new PouchDB<{ jws: string }>('records');

const pouch = {
  /** Documents of about 2 KB that nothing compresses, a hundred a write. */
  async fill(count: number): Promise<void> {
    for (let at = 0; at < count; at += 100) {
      const docs = Array.from({ length: Math.min(100, count - at) }, () => ({
        _id: globalThis.crypto.randomUUID(),
        jws: btoa(String.fromCharCode(...globalThis.crypto.getRandomValues(new Uint8Array(1450)))),
      }));
      await local.bulkDocs(docs);
    }
  },
  async put(id: string): Promise<void> {
    await local.put({ _id: id, jws: id });
  },
  async drain(): Promise<{ sent: number; ms: number }> {
    const began = performance.now();
    const { docs_written } = await local.replicate.to(`${location.origin}/db/records`);
    return { sent: docs_written, ms: performance.now() - began };
  },
};

export type PouchBench = typeof pouch;
Object.assign(globalThis, { pouch });
