import type { Selectable } from 'kysely';
import type { NoticeKind, WishedKind } from '../../contract/notice.ts';
import { fromInstant, toInstant } from '../../core/instant.ts';
import type { Notice, NoticeOutbox, NoticeWishes, PushedBrowser, PushedBrowsers } from '../ports/notices.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

/** No notice waits so long: one that would was put off by a clock that was ahead. */
const LONGEST_WAIT = 48 * 3_600_000;

export function noticeOutbox(db: Db): NoticeOutbox {
  return {
    async add({ madeAt, endsAt, ...plain }) {
      const added = await db
        .insertInto('notices')
        .values({ ...plain, made_at: madeAt, ends_at: endsAt, tries: 0, next_at: madeAt })
        .onConflict((c) => c.column('id').doNothing())
        .executeTakeFirst();
      return added.numInsertedOrUpdatedRows === 1n;
    },
    async due(now, limit) {
      const farthest = toInstant(fromInstant(now) + LONGEST_WAIT);
      const rows = await db
        .selectFrom('notices')
        .selectAll()
        .where('ended_at', 'is', null)
        .where((where) => where.or([where('next_at', '<=', now), where('next_at', '>', farthest)]))
        .orderBy('next_at')
        .limit(limit)
        .execute();
      return rows.map((row) => ({ ...toNotice(row), tries: row.tries }));
    },
    async delay(id, { tries, nextAt, fault }) {
      await db
        .updateTable('notices')
        .set({ tries, next_at: nextAt, fault })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .execute();
    },
    async end(id, how, at) {
      const ended = await db
        .updateTable('notices')
        .set({ ended_how: how, ended_at: at, sealed: null })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      return ended.numUpdatedRows === 1n;
    },
    async forget(before) {
      await db.deleteFrom('notices').where('ended_at', '<', before).execute();
    },
    async waiting() {
      const rows = await db
        .selectFrom('notices')
        .select((select) => ['tries', select.fn.countAll<number | string>().as('many')])
        .where('ended_at', 'is', null)
        .groupBy('tries')
        .execute();
      const sum = (some: typeof rows) => some.reduce((total, { many }) => total + Number(many), 0);
      return { all: sum(rows), failing: sum(rows.filter(({ tries }) => tries > 0)) };
    },
  };
}

function toNotice(row: Selectable<Tables['notices']>): Notice {
  const { id, org, operator, browser, about, sealed } = row;
  return {
    ...{ id, org, operator, browser, about, sealed },
    kind: row.kind as NoticeKind,
    way: row.way as Notice['way'],
    madeAt: row.made_at,
    endsAt: row.ends_at,
  };
}

export function noticeWishes(db: Db): NoticeWishes {
  return {
    async ofOperator(operator) {
      const rows = await db
        .selectFrom('notice_wishes')
        .select(['kind', 'mail', 'push'])
        .where('operator', '=', operator)
        .orderBy('kind')
        .execute();
      return rows.map(({ kind, mail, push }) => ({
        kind: kind as WishedKind,
        mail: mail === 1,
        push: push === 1,
      }));
    },
    async wish(operator, { kind, mail, push }, at) {
      const values = { mail: mail ? 1 : 0, push: push ? 1 : 0, at };
      if (!mail && !push) {
        await db
          .deleteFrom('notice_wishes')
          .where('operator', '=', operator)
          .where('kind', '=', kind)
          .execute();
        return;
      }
      await db
        .insertInto('notice_wishes')
        .values({ operator, kind, ...values })
        .onConflict((c) => c.columns(['operator', 'kind']).doUpdateSet(values))
        .execute();
    },
    async address(operator) {
      const row = await db
        .selectFrom('people')
        .select('email')
        .where('operator', '=', operator)
        .executeTakeFirst();
      return row?.email ?? undefined;
    },
    async setAddress(operator, address) {
      await db.updateTable('people').set({ email: address }).where('operator', '=', operator).execute();
    },
    async proof(operator) {
      const row = await db
        .selectFrom('address_proofs')
        .selectAll()
        .where('operator', '=', operator)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { address, hash, tries } = row;
      return { address, hash, tries, madeAt: row.made_at, expiresAt: row.expires_at };
    },
    async setProof(operator, proof) {
      await db.deleteFrom('address_proofs').where('operator', '=', operator).execute();
      if (proof === undefined) return;
      const { madeAt, expiresAt, ...plain } = proof;
      await db
        .insertInto('address_proofs')
        .values({ operator, ...plain, made_at: madeAt, expires_at: expiresAt })
        .execute();
    },
    async noteAsked({ madeAt, ...plain }) {
      await db
        .insertInto('address_codes')
        .values({ ...plain, made_at: madeAt })
        .onConflict((c) => c.column('hash').doUpdateSet({ made_at: madeAt }))
        .execute();
    },
    async countAsked(of, { from, to }) {
      const [column, value] =
        'operator' in of ? (['operator', of.operator] as const) : (['address', of.address] as const);
      const { many } = await db
        .selectFrom('address_codes')
        .select((select) => select.fn.countAll<number | string>().as('many'))
        .where(column, '=', value)
        .where('made_at', '>', from)
        .where('made_at', '<', to)
        .executeTakeFirstOrThrow();
      return Number(many);
    },
    async forgetAsked(before) {
      await db.deleteFrom('address_codes').where('made_at', '<', before).execute();
    },
  };
}

export function pushedBrowsers(db: Db): PushedBrowsers {
  return {
    async browser(id) {
      const row = await db.selectFrom('pushed_browsers').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toBrowser(row);
    },
    async ofOperator(operator) {
      const rows = await db
        .selectFrom('pushed_browsers')
        .selectAll()
        .where('operator', '=', operator)
        .orderBy('made_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toBrowser);
    },
    async save({ id, operator, endpoint, keys, label, madeAt }) {
      const values = { operator, endpoint, ...keys, label, made_at: madeAt };
      await db
        .insertInto('pushed_browsers')
        .values({ id, ...values })
        .onConflict((c) => c.column('id').doUpdateSet(values))
        .execute();
    },
    async remove(id) {
      await db.deleteFrom('pushed_browsers').where('id', '=', id).execute();
    },
    async removeAll() {
      await db.deleteFrom('pushed_browsers').execute();
    },
  };
}

function toBrowser(row: Selectable<Tables['pushed_browsers']>): PushedBrowser {
  const { id, operator, endpoint, p256dh, auth, label } = row;
  return { id, operator, endpoint, keys: { p256dh, auth }, label, madeAt: row.made_at };
}
