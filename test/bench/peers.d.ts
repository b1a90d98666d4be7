/** What the benchmarks use of the peers; these packages carry no types of their own. */
declare module 'pouchdb-browser' {
  class PouchDB<T> {
    constructor(name: string);
    bulkDocs(docs: readonly (T & { _id: string })[]): Promise<unknown>;
    put(doc: T & { _id: string }): Promise<unknown>;
    readonly replicate: { to(url: string): Promise<{ docs_written: number }> };
  }
  export = PouchDB;
}
declare module 'pouchdb-core' {
  interface PouchConstructor {
    plugin(plugin: unknown): PouchConstructor;
    defaults(options: object): PouchConstructor;
  }
  const PouchDB: PouchConstructor;
  export = PouchDB;
}
declare module 'pouchdb-adapter-leveldb' {
  const adapter: unknown;
  export = adapter;
}
declare module 'express-pouchdb' {
  import type { RequestListener } from 'node:http';

  function expressPouchDB(PouchDB: unknown, options: object): RequestListener;
  export = expressPouchDB;
}
