import type { ExpressionBuilder, UpdateQueryBuilder } from 'kysely';
import type { EntryReason, Intent, SignedCertificate } from '../ports/certificate-authority.ts';
import type { Certificates, Intents, StoredCertificate } from '../ports/certificates.ts';
import type { Db } from './db.ts';
import type { Tables } from './tables.ts';

/** A hold is stored as a revocation, so that every reader takes it for one; it gives way to a real one and may end. */
const HOLD: EntryReason = 'certificateHold';

/** Of an intent's row: what its certificate is given with it. */
export const INTENT_COLUMNS = ['serial', 'issuer', 'binding', 'not_before', 'not_after'] as const;

function toIntent(row: Tables['intents']): Intent {
  return {
    serial: row.serial,
    issuer: row.issuer,
    tbs: row.tbs,
    tbsDigest: row.tbs_digest,
    notBefore: row.not_before,
    notAfter: row.not_after,
  };
}

export function fromIntent(intent: Intent, binding: string): Tables['intents'] {
  return {
    serial: intent.serial,
    issuer: intent.issuer,
    binding,
    tbs: intent.tbs,
    tbs_digest: intent.tbsDigest,
    not_before: intent.notBefore,
    not_after: intent.notAfter,
  };
}

export function fromSigned(
  intent: Pick<Tables['intents'], (typeof INTENT_COLUMNS)[number]>,
  { der, fingerprint, validity }: SignedCertificate,
): Tables['certificates'] {
  return {
    serial: intent.serial,
    issuer: intent.issuer,
    binding: intent.binding,
    not_before: validity?.notBefore ?? intent.not_before,
    not_after: validity?.notAfter ?? intent.not_after,
    fingerprint,
    der,
    revoked_at: null,
    reason: null,
  };
}

function toCertificate(row: Tables['certificates']): StoredCertificate {
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
  const select = db.selectFrom('intents').selectAll();
  return {
    async intend(intent, binding) {
      await db.insertInto('intents').values(fromIntent(intent, binding)).execute();
    },
    async ofBinding(binding) {
      const row = await select.where('binding', '=', binding).executeTakeFirst();
      return row && toIntent(row);
    },
    async unfinished() {
      const rows = await select.orderBy('serial').execute();
      return rows.map((row) => ({ intent: toIntent(row), binding: row.binding }));
    },
    async abandon(serial) {
      await db.deleteFrom('intents').where('serial', '=', serial).execute();
    },
  };
}

export function certificates(db: Db): Certificates {
  const issued = db.selectFrom('certificates').selectAll();
  // Of one instant, always in the same order.
  const newestFirst = (binding: string) =>
    issued.where('binding', '=', binding).orderBy('not_before', 'desc').orderBy('serial');
  return {
    async issue(serial, signed) {
      const intent = await db
        .deleteFrom('intents')
        .where('serial', '=', serial)
        .returning(INTENT_COLUMNS)
        .executeTakeFirst();
      if (intent === undefined) throw new Error('no open intent has this serial');
      await db.insertInto('certificates').values(fromSigned(intent, signed)).execute();
    },
    async byFingerprint(fingerprint) {
      const row = await issued.where('fingerprint', '=', fingerprint).executeTakeFirst();
      return row && toCertificate(row);
    },
    async newest(binding) {
      const row = await newestFirst(binding).executeTakeFirst();
      return row && toCertificate(row);
    },
    async status(serial) {
      const row = await db
        .selectFrom('certificates')
        .select(['issuer', 'revoked_at', 'reason'])
        .where('serial', '=', serial)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const reason = (row.reason ?? 'unspecified') as EntryReason;
      return {
        issuer: row.issuer,
        revoked: row.revoked_at === null ? undefined : { at: row.revoked_at, reason },
      };
    },
    async ofBinding(binding) {
      return (await newestFirst(binding).execute()).map(toCertificate);
    },
    async revokeAll(binding, at, reason) {
      await change(db, at, reason, (rows) => rowsOf(rows, binding).where(revocable));
    },
    async revoke(serial, at, reason) {
      await change(db, at, reason, (rows) => rows.where('serial', '=', serial).where(revocable));
    },
    async hold(binding, at) {
      await change(db, at, HOLD, (rows) => rowsOf(rows, binding).where('revoked_at', 'is', null));
    },
    async release(binding) {
      await change(db, null, null, (rows) => rowsOf(rows, binding).where('reason', '=', HOLD));
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

function rowsOf(rows: Rows, binding: string): Rows {
  return rows.where('binding', '=', binding);
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
