/** What work packs are made from. Each topic has a counter that grows with every change. */
export const VERSION_TOPICS = ['tombstones', 'domains'] as const;
/** The list is counted by scope, so that practice makes nobody else's pack anew. */
export type VersionTopic = (typeof VERSION_TOPICS)[number] | 'lineage' | `list:${string}` | `gone:${string}`;

export interface Versions {
  /**
   * Differs whenever one of the topics has changed, and with a scope also the list there. One short read, however many
   * rows there are.
   */
  version(scope?: string): Promise<string>;
}
