/** What work packs are made from. Each topic has a counter that grows with every change. */
export const VERSION_TOPICS = ['list', 'tombstones', 'domains', 'lineage'] as const;
export type VersionTopic = (typeof VERSION_TOPICS)[number];

export interface Versions {
  /** Differs whenever one of the topics has changed. One short read, however many rows there are. */
  version(): Promise<string>;
}
