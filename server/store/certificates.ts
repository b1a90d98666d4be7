import { type ExpressionBuilder, sql, type UpdateQueryBuilder } from 'kysely';
import type { EntryReason, Intent } from '../ports/certificate-authority.ts';
import type { Certificates, Intents, StoredCertificate } from '../ports/certificates.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

/** A hold is stored as a revocation, so that every reader takes it for one; it gives way to a real one and may end. */
const HOLD: EntryReason = 'certificateHold';

function toIntent(row: Tables['certificates']): Intent {
  return {
    serial: row.serial,
    issuer: row.issuer,
    tbs: row.tbs,
    tbsDigest: row.tbs_digest,
    notBefore: row.not_before,
    notAfter: row.not_after,
  };
}

export function fromIntent(intent: Intent, binding: string): Tables['certificates'] {
  return {
    serial: intent.serial,
    issuer: intent.issuer,
    binding,
    state: 'intended',
    tbs: intent.tbs,
    tbs_digest: intent.tbsDigest,
    not_before: intent.notBefore,
    not_after: intent.notAfter,
    fingerprint: null,
    der: null,
    revoked_at: null,
    reason: null,
  };
}

function toCertificate(row: Tables['certificates'] | undefined): StoredCertificate | undefined {
  if (row === undefined || row.der === null || row.fingerprint === null) return undefined;
  return {
    serial: row.serial,
    issuer: row.issuer,
    binding: row.binding,
    fingerprint: row.fingerprint,
    der: row.der,
    notBefore: row.not_before,
    notAfter: row.not_after,
    revokedAt: row.revoked_at,
    onHold: row.reason === HOLD,
  };
}

export function intents(db: Db): Intents {
  const intended = db.selectFrom('certificates').selectAll().where('state', '=', sql.lit('intended'));
  return {
    async intend(intent, binding) {
      await db.insertInto('certificates').values(fromIntent(intent, binding)).execute();
    },
    async ofBinding(binding) {
      const row = await intended.where('binding', '=', binding).executeTakeFirst();
      return row && toIntent(row);
    },
    async unfinished() {
      const rows = await intended.orderBy('serial').execute();
      return rows.map((row) => ({ intent: toIntent(row), binding: row.binding }));
    },
    async abandon(serial) {
      await db
        .updateTable('certificates')
        .set({ state: 'abandoned' })
        .where('serial', '=', serial)
        .where('state', '=', 'intended')
        .execute();
    },
  };
}

export function certificates(db: Db): Certificates {
  const issued = db.selectFrom('certificates').selectAll().where('state', '=', 'issued');
  return {
    async issue(serial, { der, fingerprint, validity }) {
      const done = await db
        .updateTable('certificates')
        .set({
          state: 'issued',
          der,
          fingerprint,
          ...(validity && { not_before: validity.notBefore, not_after: validity.notAfter }),
        })
        .where('serial', '=', serial)
        .where('state', '=', 'intended')
        .executeTakeFirst();
      if (done.numUpdatedRows !== 1n) throw new Error('no open intent has this serial');
    },
    async byFingerprint(fingerprint) {
      return toCertificate(await issued.where('fingerprint', '=', fingerprint).executeTakeFirst());
    },
    async newest(binding) {
      return toCertificate(
        await issued.where('binding', '=', binding).orderBy('not_before', 'desc').executeTakeFirst(),
      );
    },
    async status(serial) {
      const row = await db
        .selectFrom('certificates')
        .select(['issuer', 'revoked_at', 'reason'])
        .where('serial', '=', serial)
        .where('state', '=', 'issued')
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const reason = (row.reason ?? 'unspecified') as EntryReason;
      return {
        issuer: row.issuer,
        revoked: row.revoked_at === null ? undefined : { at: row.revoked_at, reason },
      };
    },
    async ofBinding(binding) {
      const rows = await issued.where('binding', '=', binding).orderBy('not_before', 'desc').execute();
      return rows.flatMap((row) => toCertificate(row) ?? []);
    },
    async revokeAll(binding, at, reason) {
      await change(db, at, reason, (rows) => live(rows, binding).where(revocable));
    },
    async revoke(serial, at, reason) {
      // What was never signed stands on no CRL.
      await change(db, at, reason, (rows) =>
        rows.where('serial', '=', serial).where('state', '=', 'issued').where(revocable),
      );
    },
    async hold(binding, at) {
      await change(db, at, HOLD, (rows) => live(rows, binding).where('revoked_at', 'is', null));
    },
    async release(binding) {
      await change(db, null, null, (rows) => live(rows, binding).where('reason', '=', HOLD));
    },
    async revokedBy(issuer) {
      const rows = await db
        .selectFrom('certificates')
        .select(['serial', 'revoked_at', 'reason'])
        .where('issuer', '=', issuer)
        .where('revoked_at', 'is not', null)
        .orderBy('serial')
        .execute();
      return rows.map((row) => ({
        serial: row.serial,
        at: row.revoked_at ?? '',
        reason: (row.reason ?? 'unspecified') as EntryReason,
      }));
    },
    async revocations(issuer) {
      const row = await db
        .selectFrom('revocation_counts')
        .select('n')
        .where('issuer', '=', issuer)
        .executeTakeFirst();
      return row?.n ?? 0;
    },
  };
}

type Rows = UpdateQueryBuilder<Tables, 'certificates', 'certificates', { issuer: string }>;

function live(rows: Rows, binding: string): Rows {
  return rows.where('binding', '=', binding).where('state', '=', 'issued');
}

/** What is not revoked, or on hold only. */
function revocable(where: ExpressionBuilder<Tables, 'certificates'>) {
  return where.or([where('revoked_at', 'is', null), where('reason', '=', HOLD)]);
}

/** Counted in the transaction of the change itself, so that whoever sees the one sees the other. */
async function change(db: Db, at: string | null, reason: EntryReason | null, which: (rows: Rows) => Rows) {
  const changed = await which(
    db.updateTable('certificates').set({ revoked_at: at, reason }).returning('issuer'),
  ).execute();
  for (const issuer of new Set(changed.map((one) => one.issuer))) {
    await db
      .insertInto('revocation_counts')
      .values({ issuer, n: 1 })
      .onConflict((c) => c.column('issuer').doUpdateSet((row) => ({ n: row('revocation_counts.n', '+', 1) })))
      .execute();
  }
}
