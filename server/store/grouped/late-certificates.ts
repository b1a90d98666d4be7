import type { SignedCertificate } from '../../ports/certificate-authority.ts';
import { fromSigned, INTENT_COLUMNS } from '../certificates.ts';
import type { Db } from '../db.ts';
import type { BulkRows } from '../engine.ts';

export interface LateCertificates {
  issue(serial: string, signed: SignedCertificate): Promise<void>;
  /** Throws unless each certificate had an open intent. */
  flush(): Promise<void>;
}

/** Collects certificates until the end of a transaction; then all their intents are removed and all certificates are added. */
export function lateCertificates(db: Db, bulk: BulkRows): LateCertificates {
  const signed = new Map<string, SignedCertificate>();
  return {
    async issue(serial, certificate) {
      signed.set(serial, certificate);
    },
    async flush() {
      if (signed.size === 0) return;
      const of = { table: 'intents', key: 'serial', returning: INTENT_COLUMNS } as const;
      const rows = (await bulk.remove(db, of, [...signed.keys()])).flatMap((intent) => {
        const certificate = signed.get(intent.serial);
        return certificate === undefined ? [] : [fromSigned(intent, certificate)];
      });
      if (rows.length !== signed.size) throw new Error('no open intent has one of these serials');
      signed.clear();
      const columns = Object.keys(rows[0] ?? {}) as (keyof (typeof rows)[number])[];
      const values = rows.map((row) => columns.map((column) => row[column]));
      await bulk.insert(db, { table: 'certificates', columns, unlessThere: false }, values);
    },
  };
}
