/** What work packs are made of, each with a counter that grows with every change. */
export const VERSIONED = ['list', 'tombstones', 'domains', 'lineage'] as const;
export type Versioned = (typeof VERSIONED)[number];

export interface Versions {
  /** Differs whenever one of them has changed; one short read, however many rows there are. */
  version(): Promise<string>;
}
