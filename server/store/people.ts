import type { Selectable } from 'kysely';
import type { Membership, Role } from '../../contract/operator.ts';
import type { People, Person } from '../ports/people.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

function toPerson(row: Selectable<Tables['people']>): Person {
  const { operator, name, about } = row;
  return { operator, name, about, demoRole: row.demo_role as Role | null, revokedAt: row.revoked_at };
}

export function people(db: Db): People {
  return {
    async person(operator) {
      const row = await db
        .selectFrom('people')
        .selectAll()
        .where('operator', '=', operator)
        .executeTakeFirst();
      return row && toPerson(row);
    },
    async people() {
      return (await db.selectFrom('people').selectAll().orderBy('operator').execute()).map(toPerson);
    },
    async savePerson({ operator, name, about, demoRole, revokedAt }) {
      const values = { name, about, demo_role: demoRole };
      await db
        .insertInto('people')
        .values({ operator, ...values, revoked_at: revokedAt })
        .onConflict((c) => c.column('operator').doUpdateSet(values))
        .execute();
    },
    async revokePerson(operator, at) {
      await db
        .updateTable('people')
        .set({ revoked_at: at })
        .where('operator', '=', operator)
        .where('revoked_at', 'is', null)
        .execute();
    },
    async memberships(operator) {
      const rows = await db
        .selectFrom('memberships')
        .innerJoin('orgs', 'orgs.name', 'memberships.org')
        .select(['orgs.name', 'orgs.title', 'orgs.training', 'memberships.role'])
        .where('memberships.operator', '=', operator)
        // Real organisations come before training ones, and older ones first: the first is the one that a person works for.
        .orderBy('orgs.training')
        .orderBy('orgs.created_at')
        .orderBy('orgs.name')
        .execute();
      return rows.map(
        (row): Membership => ({
          org: row.name,
          title: row.title,
          role: row.role as Role,
          training: row.training === 1,
        }),
      );
    },
    async saveMembership(operator, org, role) {
      await db
        .insertInto('memberships')
        .values({ operator, org, role })
        .onConflict((c) => c.columns(['operator', 'org']).doUpdateSet({ role }))
        .execute();
    },
    async endMembership(operator, org) {
      const ended = await db
        .deleteFrom('memberships')
        .where('operator', '=', operator)
        .where('org', '=', org)
        .executeTakeFirst();
      return ended.numDeletedRows > 0n;
    },
    async membersOf(org) {
      const rows = await db
        .selectFrom('memberships')
        .innerJoin('people', 'people.operator', 'memberships.operator')
        .select(['people.operator', 'people.name', 'memberships.role'])
        .where('memberships.org', '=', org)
        .where('people.revoked_at', 'is', null)
        .orderBy('people.name')
        .orderBy('people.operator')
        .execute();
      return rows.map(({ operator, name, role }) => ({ operator, name, role: role as Role }));
    },
    async administrators(org) {
      const rows = await db
        .selectFrom('memberships')
        .innerJoin('people', 'people.operator', 'memberships.operator')
        .select('people.operator')
        .where('memberships.org', '=', org)
        .where('memberships.role', '=', 'administrator')
        .where('people.revoked_at', 'is', null)
        .orderBy('people.operator')
        .execute();
      return rows.map(({ operator }) => operator);
    },
  };
}
