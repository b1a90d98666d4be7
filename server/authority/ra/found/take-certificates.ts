import type { Clock } from '../../../../core/clock.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { RevocationLists } from '../../../ports/crls.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { holdBinding } from './hold-binding.ts';
import { type OwnCertificate, readOwnCertificate } from './read-certificate.ts';

export type FoundStores =
  | 'authorities'
  | 'bindings'
  | 'bindingHistory'
  | 'certificates'
  | 'certificateStates'
  | 'changes'
  | 'domains'
  | 'eras'
  | 'found'
  | 'intents'
  | 'life'
  | 'lineage'
  | 'liveBindings'
  | 'revocations'
  | 'audit';

export interface FoundParts {
  readonly stores: Needs<'authorities' | 'certificates' | 'certificateStates' | 'found'>;
  readonly transact: Transact<FoundStores>;
  readonly lists: RevocationLists;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

export interface Taken {
  /** How many of them are ours, known before or not. */
  readonly certificates: number;
  readonly holds: number;
}

/**
 * Takes certificates that our CA signed and an older copy of the database does not know. Our signature is proof enough that
 * they were issued: a binding that has the same device and key takes them over at once, others wait for the record that
 * they were issued for. What a certificate contradicts is put on hold, for a person to decide.
 */
export async function takeCertificates(
  ders: readonly Uint8Array[],
  by: string,
  parts: FoundParts,
): Promise<Taken> {
  const { stores, transact, lists, clock, crypto } = parts;
  const at = toInstant(clock.now());
  let certificates = 0;
  const holds = new Set<string>();
  const issuers: IssuerName[] = [];
  for (const der of ders) {
    const own = await readOwnCertificate(der, { at, by }, stores, crypto);
    if (own === undefined || own.found.notAfter <= at) continue;
    certificates++;
    if (await isKnown(own, stores)) continue;
    await transact(async (tx) => {
      if ((await tx.eras.current()) === undefined || (await isKnown(own, tx))) return;
      issuers.push(...(await take(own, at, holds, tx)));
      await audit(tx.audit, {
        at,
        step: STEPS.admin,
        event: 'certificate found again',
        actor: by,
        org: own.issuer.org,
        subject: own.device.udid,
        detail: `serial ${own.found.serial}, SHA-256 ${own.found.fingerprint}`,
      });
    });
  }
  await lists.publish(issuers);
  return { certificates, holds: holds.size };
}

async function isKnown(
  { found }: OwnCertificate,
  stores: Needs<'certificates' | 'certificateStates' | 'found'>,
): Promise<boolean> {
  const before = await stores.found.bySerial(found.serial);
  // A CRL that came earlier names serials only, of certificates that are here too.
  if (before !== undefined)
    return before.der !== null || (await stores.certificates.bySerial(found.serial)) !== undefined;
  return (await stores.certificateStates.status(found.serial)) !== undefined;
}

async function take(
  { found, device, issuer }: OwnCertificate,
  at: string,
  holds: Set<string>,
  tx: Needs<FoundStores>,
): Promise<readonly IssuerName[]> {
  // A CRL that came earlier may have said that this serial is revoked.
  const revoked = (await tx.found.bySerial(found.serial))?.revoked ?? null;
  const issuers: IssuerName[] = [];
  let adopted = false;
  for (const binding of await livesOf(found, device.udid, tx)) {
    const same = await isIssuedFor(binding, found, issuer.org, tx);
    if (same) {
      const suspended = await tx.life.suspension(binding.id);
      const held = revoked ?? (suspended === undefined ? null : { at, reason: 'certificateHold' as const });
      await tx.found.adopt({ ...found, revoked: held }, binding.id);
      adopted = true;
    }
    if (same && revoked === null) continue;
    // Another organisation, domain or key had the device later than this binding knows: nobody is trusted until a person
    // has looked.
    issuers.push(...(await holdBinding(binding, at, tx)));
    holds.add(binding.id);
  }
  if (!adopted) await tx.found.keep({ ...found, revoked });
  return issuers;
}

async function livesOf(
  { keyDigest }: OwnCertificate['found'],
  udid: string,
  { bindingHistory, liveBindings }: Needs<'bindingHistory' | 'liveBindings'>,
): Promise<Binding[]> {
  const named = (await bindingHistory.ofUdid(udid)).filter(({ endedAt }) => endedAt === null);
  const keyed = keyDigest === null ? undefined : await liveBindings.byKey(keyDigest);
  return [
    ...new Map([...named, ...(keyed === undefined ? [] : [keyed])].map((one) => [one.id, one])).values(),
  ];
}

async function isIssuedFor(
  binding: Binding,
  { keyDigest, udid, domain }: OwnCertificate['found'],
  org: string,
  { lineage }: Needs<'lineage'>,
): Promise<boolean> {
  if (binding.org !== org || binding.udid !== udid || binding.domain !== domain || keyDigest === null)
    return false;
  if (binding.keyDigest === keyDigest) return true;
  const key = await lineage.byKey(keyDigest);
  return key !== undefined && key.binding === binding.id && key.state !== 'dropped';
}
