import type { ExpressionBuilder, UpdateQueryBuilder } from 'kysely';
import type { EntryReason } from '../ports/certificate-authority.ts';
import type { CertificateStates, Revocations } from '../ports/certificates.ts';
import type { IssuerName } from '../ports/issuer-name.ts';
import type { Db } from './db.ts';
import { feedBinding } from './device-feed.ts';
import type { Tables } from './tables.ts';

/** A hold is stored as a revocation, so that every reader treats it as one. A real revocation replaces it, and it may be lifted. */
export const HOLD: EntryReason = 'certificateHold';

export function revocations(db: Db): Revocations {
  return {
    async revokeAll(binding, at, reason) {
      return change(db, at, reason, (rows) => rowsOf(rows, binding).where(revocable));
    },
    async revoke(serial, at, reason) {
      return change(db, at, reason, (rows) => rows.where('serial', '=', serial).where(revocable));
    },
    async hold(binding, at) {
      return change(db, at, HOLD, (rows) => rowsOf(rows, binding).where('revoked_at', 'is', null));
    },
    async release(binding) {
      return change(db, null, null, (rows) => rowsOf(rows, binding).where('reason', '=', HOLD));
    },
  };
}

export function certificateStates(db: Db): CertificateStates {
  return {
    async status(serial) {
      const row = await db
        .selectFrom('certificates')
        .select(['issuer', 'revoked_at', 'reason'])
        .where('serial', '=', serial)
        .executeTakeFirst();
      if (row === undefined) return foundStatus(db, serial);
      const reason = (row.reason ?? 'unspecified') as EntryReason;
      return {
        issuer: row.issuer,
        revoked: row.revoked_at === null ? undefined : { at: row.revoked_at, reason },
      };
    },
    async revokedBy(issuer) {
      const rows = await db
        .selectFrom('certificates')
        .select(['serial', 'revoked_at', 'reason'])
        .where('issuer', '=', issuer)
        .where('revoked_at', 'is not', null)
        .orderBy('serial')
        .execute();
      const found = await db
        .selectFrom('found_certificates')
        .select(['serial', 'revoked_at', 'reason'])
        .where('issuer', '=', issuer)
        .where('revoked_at', 'is not', null)
        .orderBy('serial')
        .execute();
      return [...rows, ...found].map((row) => ({
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
    outdate: (issuer) => countChange(db, issuer),
  };
}

/** Of a certificate that came back after the database was put back to a copy (ports/found-certificates.ts). */
async function foundStatus(db: Db, serial: string) {
  const row = await db
    .selectFrom('found_certificates')
    .select(['issuer', 'der', 'revoked_at', 'reason'])
    .where('serial', '=', serial)
    .executeTakeFirst();
  if (row === undefined || (row.der === null && row.revoked_at === null)) return undefined;
  const reason = (row.reason ?? 'unspecified') as EntryReason;
  return {
    issuer: row.issuer,
    revoked: row.revoked_at === null ? undefined : { at: row.revoked_at, reason },
  };
}

type Rows = UpdateQueryBuilder<
  Tables,
  'certificates',
  'certificates',
  { issuer: IssuerName; binding: string }
>;

function rowsOf(rows: Rows, binding: string): Rows {
  return rows.where('binding', '=', binding);
}

/** Certificates that are not revoked, or only on hold. */
function revocable(where: ExpressionBuilder<Tables, 'certificates'>) {
  return where.or([where('revoked_at', 'is', null), where('reason', '=', HOLD)]);
}

/** Counts the change in its own transaction, so that both become visible together. */
async function change(
  db: Db,
  at: string | null,
  reason: EntryReason | null,
  which: (rows: Rows) => Rows,
): Promise<readonly IssuerName[]> {
  const changed = await which(
    db.updateTable('certificates').set({ revoked_at: at, reason }).returning(['issuer', 'binding']),
  ).execute();
  for (const binding of new Set(changed.map((row) => row.binding))) await feedBinding(db, binding);
  const issuers = [...new Set(changed.map((row) => row.issuer))];
  for (const issuer of issuers) await countChange(db, issuer);
  return issuers;
}

export async function countChange(db: Db, issuer: IssuerName): Promise<void> {
  await db
    .insertInto('revocation_counts')
    .values({ issuer, n: 1 })
    .onConflict((c) => c.column('issuer').doUpdateSet((row) => ({ n: row('revocation_counts.n', '+', 1) })))
    .execute();
}
