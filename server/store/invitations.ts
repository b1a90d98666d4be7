import type { Selectable } from 'kysely';
import type { InvitationKind } from '../../contract/account.ts';
import type { Role } from '../../contract/operator.ts';
import type {
  Ceremonies,
  Ceremony,
  InstallationAdministrators,
  Invitation,
  Invitations,
} from '../ports/accounts.ts';
import type { OrgName } from '../ports/issuer-name.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

export function invitations(db: Db): Invitations {
  return {
    async byHash(hash) {
      const row = await db.selectFrom('invitations').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row && toInvitation(row);
    },
    async invitation(id) {
      const row = await db.selectFrom('invitations').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toInvitation(row);
    },
    async openOf(org, now) {
      const rows = await db
        .selectFrom('invitations')
        .selectAll()
        .where('org', org === null ? 'is' : '=', org)
        .where('used_at', 'is', null)
        .where('withdrawn_at', 'is', null)
        .where('expires_at', '>', now)
        .orderBy('made_at', 'desc')
        .execute();
      return rows.map(toInvitation);
    },
    async save({ madeBy, madeAt, expiresAt, waits, ...plain }) {
      await db
        .insertInto('invitations')
        .values({ ...plain, made_by: madeBy, made_at: madeAt, expires_at: expiresAt, waits: waits ? 1 : 0 })
        .execute();
    },
    async use(id, by, at) {
      const changed = await open(db, id, at)
        .set({ used_at: at, used_by: by })
        .where('waits', '=', 0)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
    async withdraw(id, at) {
      const changed = await open(db, id, at).set({ withdrawn_at: at }).executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
    async claimSetUp(id, at) {
      const under = await db
        .selectFrom('invitations')
        .select('id')
        .where('kind', '=', 'set-up')
        .where('used_at', 'is not', null)
        .where('withdrawn_at', 'is', null)
        .executeTakeFirst();
      if (under !== undefined) return false;
      const changed = await open(db, id, at).set({ used_at: at }).executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
    async giveBack(id) {
      await db.updateTable('invitations').set({ used_at: null }).where('id', '=', id).execute();
    },
    async withdrawSetUps(at) {
      await db
        .updateTable('invitations')
        .set({ withdrawn_at: at })
        .where('kind', '=', 'set-up')
        .where('withdrawn_at', 'is', null)
        .execute();
    },
    async withdrawOf(operator, kinds, at) {
      await db
        .updateTable('invitations')
        .set({ withdrawn_at: at })
        .where('operator', '=', operator)
        .where('kind', 'in', [...kinds])
        .where('used_at', 'is', null)
        .where('withdrawn_at', 'is', null)
        .execute();
    },
    async withdrawMadeBy(operator, at) {
      await db
        .updateTable('invitations')
        .set({ withdrawn_at: at })
        .where('made_by', '=', operator)
        .where('used_at', 'is', null)
        .where('withdrawn_at', 'is', null)
        .execute();
    },
    async approve(id, by, at) {
      const changed = await open(db, id, at)
        .set({ waits: 0, approved_by: by })
        .where('waits', '=', 1)
        .executeTakeFirst();
      return changed.numUpdatedRows === 1n;
    },
  };
}

function open(db: Db, id: string, at: string) {
  return db
    .updateTable('invitations')
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('withdrawn_at', 'is', null)
    .where('expires_at', '>', at);
}

function toInvitation(row: Selectable<Tables['invitations']>): Invitation {
  const { id, hash, operator, name } = row;
  return {
    ...{ id, hash, operator, name },
    kind: row.kind as InvitationKind,
    org: row.org as OrgName | null,
    role: row.role as Role | null,
    madeBy: row.made_by,
    madeAt: row.made_at,
    expiresAt: row.expires_at,
    waits: row.waits === 1,
    approvedBy: row.approved_by,
    usedAt: row.used_at,
    withdrawnAt: row.withdrawn_at,
  };
}

export function ceremonies(db: Db): Ceremonies {
  return {
    async save(hash, browser, { kind, invitation, about, madeAt }, expiresAt) {
      await db
        .insertInto('ceremonies')
        .values({ hash, browser, kind, invitation, about, made_at: madeAt, expires_at: expiresAt })
        .execute();
    },
    async take(hash, browser, now) {
      // Gone whoever asks: a challenge that another browser shows is in wrong hands.
      const row = await db
        .deleteFrom('ceremonies')
        .where('hash', '=', hash)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined || row.browser !== browser || row.expires_at <= now) return undefined;
      const { invitation, about, made_at: madeAt } = row;
      return { kind: row.kind as Ceremony['kind'], invitation, about, madeAt: madeAt ?? '' };
    },
    async purge(now) {
      await db.deleteFrom('ceremonies').where('expires_at', '<=', now).execute();
    },
  };
}

export function installationAdministrators(db: Db): InstallationAdministrators {
  return {
    async is(operator) {
      const row = await db
        .selectFrom('people')
        .select('installation_admin')
        .where('operator', '=', operator)
        .where('revoked_at', 'is', null)
        .executeTakeFirst();
      return row?.installation_admin === 1;
    },
    async set(operator, isOne) {
      await db
        .updateTable('people')
        .set({ installation_admin: isOne ? 1 : 0 })
        .where('operator', '=', operator)
        .execute();
    },
    async all() {
      const rows = await db
        .selectFrom('people')
        .select('operator')
        .where('installation_admin', '=', 1)
        .where('revoked_at', 'is', null)
        .orderBy('operator')
        .execute();
      return rows.map(({ operator }) => operator);
    },
  };
}
