import { sql } from 'kysely';
import type { EntryReason } from '../ports/certificate-authority.ts';
import type { FoundCertificate, FoundCertificates } from '../ports/found-certificates.ts';
import type { Db } from './db.ts';
import { feedBinding } from './device-feed.ts';
import { countChange } from './revocations.ts';
import type { Tables } from './tables.ts';

type Row = Tables['found_certificates'];

const toFound = (row: Row): FoundCertificate => ({
  serial: row.serial,
  issuer: row.issuer,
  der: row.der,
  fingerprint: row.fingerprint,
  notBefore: row.not_before,
  notAfter: row.not_after,
  udid: row.udid,
  domain: row.domain,
  keyDigest: row.key_digest,
  revoked:
    row.revoked_at === null
      ? null
      : { at: row.revoked_at, reason: (row.reason ?? 'unspecified') as EntryReason },
  foundAt: row.found_at,
  foundBy: row.found_by,
});

const fromFound = (found: FoundCertificate): Row => ({
  serial: found.serial,
  issuer: found.issuer,
  der: found.der,
  fingerprint: found.fingerprint,
  not_before: found.notBefore,
  not_after: found.notAfter,
  udid: found.udid,
  domain: found.domain,
  key_digest: found.keyDigest,
  revoked_at: found.revoked?.at ?? null,
  reason: found.revoked?.reason ?? null,
  found_at: found.foundAt,
  found_by: found.foundBy,
});

export function foundCertificates(db: Db): FoundCertificates {
  const rows = db.selectFrom('found_certificates').selectAll();
  return {
    async bySerial(serial) {
      const row = await rows.where('serial', '=', serial).executeTakeFirst();
      return row && toFound(row);
    },
    async anyWaits() {
      const row = await db
        .selectFrom('found_certificates')
        .select('serial')
        .where('der', 'is not', null)
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },
    async ofDevice(udid, keyDigest) {
      const found = await rows
        .where((where) => where.or([where('udid', '=', udid), where('key_digest', '=', keyDigest)]))
        .orderBy('not_before', 'desc')
        .orderBy('serial')
        .execute();
      return found.map(toFound);
    },
    async ofUdid(udid) {
      return (await rows.where('udid', '=', udid).orderBy('serial').execute()).map(toFound);
    },
    async all(limit) {
      return (await rows.orderBy('found_at').orderBy('serial').limit(limit).execute()).map(toFound);
    },
    async keep(found) {
      const { serial, issuer, ...values } = fromFound(found);
      await db
        .insertInto('found_certificates')
        .values({ serial, issuer, ...values })
        .onConflict((c) => c.columns(['issuer', 'serial']).doUpdateSet(values))
        .execute();
      if (found.revoked !== null) await countChange(db, issuer);
    },
    async adopt(found, binding) {
      const { serial, issuer, der, fingerprint } = found;
      await db
        .deleteFrom('found_certificates')
        .where('issuer', '=', issuer)
        .where('serial', '=', serial)
        .execute();
      await db
        .insertInto('certificates')
        .values({
          ...{ serial, issuer, binding, der, fingerprint },
          ...{ not_before: found.notBefore, not_after: found.notAfter },
          ...{ revoked_at: found.revoked?.at ?? null, reason: found.revoked?.reason ?? null },
          turn: 0,
        })
        .execute();
      await feedBinding(db, binding);
      await sql`delete from due_notices where serial = ${serial}`.execute(db);
    },
  };
}
