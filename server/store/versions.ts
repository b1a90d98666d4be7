import { sql } from 'kysely';
import { VERSION_TOPICS, type Versions, type VersionTopic } from '../ports/versions.ts';
import type { Db } from './db.ts';

export function versions(db: Db): Versions {
  return {
    async version(scope) {
      const topics = [...VERSION_TOPICS, ...(scope === undefined ? [] : ['lineage', `list:${scope}`])];
      const rows = await db.selectFrom('versions').selectAll().where('topic', 'in', topics).execute();
      return topics.map((topic) => rows.find((row) => row.topic === topic)?.n ?? 0).join('.');
    },
  };
}

/** Called after the change that it counts. Whoever reads the counter before the rows then never takes old rows for new ones. */
export async function changed(db: Db, topic: VersionTopic, by = 1): Promise<number> {
  const { n } = await db
    .insertInto('versions')
    .values({ topic, n: by })
    .onConflict((c) => c.column('topic').doUpdateSet({ n: sql`versions.n + ${by}` }))
    .returning('n')
    .executeTakeFirstOrThrow();
  return n;
}
