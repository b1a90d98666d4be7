import { sql } from 'kysely';

/**
 * A column `turn`: 1 for the oldest row of each person, 2 for the next one, and so on. What is ordered by it shows the
 * oldest of everybody first, so that nobody hides the others by how much they send. Both names are this program's own.
 */
export function fairly(person: string, age: string) {
  return sql<number>`row_number() over (partition by ${sql.raw(person)} order by ${sql.raw(age)})`.as('turn');
}
