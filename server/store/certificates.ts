import type { Intent, SignedCertificate } from '../ports/certificate-authority.ts';
import type { Certificates, Intents, StoredCertificate } from '../ports/certificates.ts';
import type { Db } from './db.ts';
import { feedBinding } from './device-feed.ts';
import { HOLD } from './revocations.ts';
import type { Tables } from './tables.ts';

/** The columns that a certificate takes over from its intent. */
export const INTENT_COLUMNS = ['serial', 'issuer', 'binding', 'not_before', 'not_after', 'turn'] as const;

function toIntent(row: Tables['intents']): Intent {
  return {
    serial: row.serial,
    issuer: row.issuer,
    kind: row.kind,
    toBeSigned: row.to_be_signed,
    digest: row.digest,
    notBefore: row.not_before,
    notAfter: row.not_after,
  };
}

export function fromIntent(intent: Intent, binding: string, turn = 0): Tables['intents'] {
  return {
    turn,
    serial: intent.serial,
    issuer: intent.issuer,
    binding,
    kind: intent.kind,
    to_be_signed: intent.toBeSigned,
    digest: intent.digest,
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
    turn: intent.turn,
  };
}

export function toCertificate(row: Tables['certificates']): StoredCertificate {
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
      const last = await db
        .selectFrom('certificates')
        .select((eb) => eb.fn.max('turn').as('turn'))
        .where('binding', '=', binding)
        .executeTakeFirst();
      const turn = last?.turn == null ? 0 : last.turn + 1;
      await db
        .insertInto('intents')
        .values(fromIntent(intent, binding, turn))
        .execute();
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
  // The serial breaks ties: two certificates of the same instant must come in the same order each time.
  const newestFirst = (binding: string) =>
    issued
      .where('binding', '=', binding)
      .orderBy('turn', 'desc')
      .orderBy('not_before', 'desc')
      .orderBy('serial');
  return {
    async issue(serial, signed) {
      const intent = await db
        .deleteFrom('intents')
        .where('serial', '=', serial)
        .returning(INTENT_COLUMNS)
        .executeTakeFirst();
      if (intent === undefined) throw new Error('no open intent has this serial');
      await db.insertInto('certificates').values(fromSigned(intent, signed)).execute();
      await feedBinding(db, intent.binding);
    },
    async byFingerprint(fingerprint) {
      const row = await issued.where('fingerprint', '=', fingerprint).executeTakeFirst();
      return row && toCertificate(row);
    },
    async bySerial(serial) {
      const row = await issued.where('serial', '=', serial).executeTakeFirst();
      return row && toCertificate(row);
    },
    async newest(binding) {
      const row = await newestFirst(binding).executeTakeFirst();
      return row && toCertificate(row);
    },
    async ofBinding(binding) {
      return (await newestFirst(binding).execute()).map(toCertificate);
    },
  };
}
