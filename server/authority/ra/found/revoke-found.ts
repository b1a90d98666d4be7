import type { Clock } from '../../../../core/clock.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { RevocationReason } from '../../../ports/certificate-authority.ts';
import type { RevocationLists, SignedCrl } from '../../../ports/crls.ts';
import type { FoundCertificate } from '../../../ports/found-certificates.ts';
import type { IssuerName, OrgName } from '../../../ports/issuer-name.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { issuerOf, readCertificate, readOwnCertificate } from './read-certificate.ts';

export interface RevokeFoundParts {
  readonly stores: Needs<'authorities'>;
  readonly urgent: Transact<'authorities' | 'certificateStates' | 'revocations' | 'found' | 'audit'>;
  readonly lists: RevocationLists;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

interface Word {
  readonly reason: RevocationReason;
  readonly by: string;
}

export type RevokeFoundResult =
  | { readonly ok: true; readonly serial: string; readonly lists: readonly SignedCrl[] }
  /** `not_ours`: no issuing CA of this installation signed it. `revoked`: it is revoked already. */
  | { readonly ok: false; readonly why: 'not_ours' | 'revoked' };

/** The organisation whose people may revoke a certificate: whose issuing CA signed it. Undefined if none of ours did. */
export async function orgOfCertificate(
  der: Uint8Array,
  { stores, crypto }: Pick<RevokeFoundParts, 'stores' | 'crypto'>,
): Promise<OrgName | undefined> {
  const certificate = readCertificate(der);
  return certificate && (await issuerOf(certificate, stores, crypto))?.org;
}

/**
 * Revokes one certificate by its own bytes, whether the database knows it or not: whoever issues must be able to revoke what
 * it issued (RFC 5280 section 3.3). Its device's binding, if there is one, stays.
 */
export async function revokeCertificate(
  der: Uint8Array,
  word: Word,
  parts: RevokeFoundParts,
): Promise<RevokeFoundResult> {
  const at = toInstant(parts.clock.now());
  const own = await readOwnCertificate(der, { at, by: word.by }, parts.stores, parts.crypto);
  return own === undefined ? { ok: false, why: 'not_ours' } : revoke(own.found, own.device.udid, word, parts);
}

/** Revokes a serial number of one issuing CA, where nobody has the certificate any more. */
export async function revokeSerial(
  { serial, issuer }: { readonly serial: string; readonly issuer: IssuerName },
  word: Word,
  parts: RevokeFoundParts,
): Promise<RevokeFoundResult> {
  const authority = await parts.stores.authorities.authority(issuer);
  if (authority === undefined || authority.org === null) return { ok: false, why: 'not_ours' };
  const at = toInstant(parts.clock.now());
  const unread = { der: null, fingerprint: null, udid: null, domain: null, keyDigest: null, revoked: null };
  const found: FoundCertificate = {
    ...unread,
    ...{ serial: serial.toLowerCase().padStart(32, '0'), issuer },
    // It ends with its CA at the latest, and is listed until then.
    ...{ notBefore: at, notAfter: authority.notAfter },
    ...{ foundAt: at, foundBy: word.by },
  };
  return revoke(found, found.serial, word, parts);
}

async function revoke(
  found: FoundCertificate,
  subject: string,
  { reason, by }: Word,
  { urgent, lists, clock }: RevokeFoundParts,
): Promise<RevokeFoundResult> {
  const { serial, issuer } = found;
  const issuers = await urgent(async (tx) => {
    const at = toInstant(clock.now());
    const before = await tx.found.bySerial(serial);
    const status = await tx.certificateStates.status(serial);
    if (status?.revoked !== undefined && status.revoked.reason !== 'certificateHold') return undefined;
    const changed = await tx.revocations.revoke(serial, at, reason);
    // No certificate of a binding has this serial.
    if (changed.length === 0) {
      const known = before === undefined || before.der === null ? found : before;
      await tx.found.keep({ ...known, revoked: { at, reason } });
    }
    await audit(tx.audit, {
      at,
      step: STEPS.live,
      event: 'certificate revoked',
      actor: by,
      org: (await tx.authorities.authority(issuer))?.org ?? null,
      subject,
      detail: `serial ${serial} of ${issuer}, ${reason}`,
    });
    return [issuer];
  });
  if (issuers === undefined) return { ok: false, why: 'revoked' };
  return { ok: true, serial, lists: await lists.publish(issuers) };
}
