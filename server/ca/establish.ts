import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import type { Authority } from '../ports/authorities.ts';
import type { Clock } from '../ports/clock.ts';
import type { CaSigner, KeyVault } from '../ports/signer.ts';
import type { Needs } from '../ports/stores.ts';
import { signed, tbsCertificate } from './certificate.ts';
import {
  authorityInformationAccess,
  authorityKeyIdentifier,
  basicConstraintsCa,
  keyUsageCa,
  subjectKeyIdentifier,
} from './extensions.ts';
import type { CertificatePolicy } from './policy.ts';
import { newSerial } from './serial.ts';
import { distinguishedName } from './x509-name.ts';

/** Roots; no organisation may take their names. */
export const ROOTS = { real: 'root', training: 'training-root' } as const;

export interface Establishing {
  readonly vault: KeyVault;
  readonly stores: Needs<'authorities'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly policy: CertificatePolicy;
  /** Where this installation is reached, without a slash at the end. */
  readonly publicUrl: string;
}

/** Subject of a CA: what certificates and CRLs of it name as issuer. */
export function authorityName(name: string): Uint8Array {
  return distinguishedName('Fieldbind', `${name} CA`);
}

/**
 * The issuing CA of an organisation, made with its root if need be. The root's key is opened here and nowhere else.
 * Doing it again after a crash takes up the keys and certificates that are there.
 */
export async function establishIssuing(
  org: { readonly name: string; readonly training: boolean },
  given: Establishing,
): Promise<Authority> {
  const there = await given.stores.authorities.authority(org.name);
  if (there !== undefined) return there;
  const rootName = org.training ? ROOTS.training : ROOTS.real;
  const rootKey = await given.vault.ensure(rootName, 'P-384');
  const root = await establishRoot(rootName, rootKey, given);
  const key = await given.vault.ensure(org.name, 'P-256');
  const now = given.clock.now();
  const notAfter = Math.min(now + given.policy.issuing, Date.parse(root.notAfter));
  const fields = {
    subject: authorityName(org.name),
    notBefore: now - given.policy.backdate,
    notAfter,
    spki: key.spki,
  };
  const common = [basicConstraintsCa(0), keyUsageCa(), subjectKeyIdentifier(key.spki)];
  // No CRL distribution point: it would need a root CRL, and so the root's key, for as long as the root lives.
  // Whoever trusts an organisation trusts its own self-signed anchor, and drops that to stop trusting it.
  const aia = authorityInformationAccess(`${given.publicUrl}/ca/${rootName}.cer`);
  const byRoot = tbsCertificate({
    ...fields,
    serial: newSerial(given.crypto),
    algorithm: rootKey.algorithm,
    issuer: authorityName(rootName),
    extensions: [...common, authorityKeyIdentifier(rootKey.spki), aia],
  });
  const bySelf = tbsCertificate({
    ...fields,
    serial: newSerial(given.crypto),
    algorithm: key.algorithm,
    issuer: fields.subject,
    extensions: [...common, authorityKeyIdentifier(key.spki)],
  });
  const authority: Authority = {
    name: org.name,
    root: rootName,
    certificate: await signed(byRoot, rootKey),
    anchor: await signed(bySelf, key),
    notAfter: toInstant(notAfter),
  };
  await given.stores.authorities.saveAuthority(authority);
  return (await given.stores.authorities.authority(authority.name)) ?? authority;
}

async function establishRoot(name: string, key: CaSigner, given: Establishing): Promise<Authority> {
  const there = await given.stores.authorities.authority(name);
  if (there !== undefined) return there;
  const now = given.clock.now();
  const notAfter = now + given.policy.root;
  const tbs = tbsCertificate({
    serial: newSerial(given.crypto),
    algorithm: key.algorithm,
    issuer: authorityName(name),
    subject: authorityName(name),
    notBefore: now - given.policy.backdate,
    notAfter,
    spki: key.spki,
    // Room for the issuing CAs, which may sign no further CA themselves.
    extensions: [
      basicConstraintsCa(1),
      keyUsageCa(),
      subjectKeyIdentifier(key.spki),
      authorityKeyIdentifier(key.spki),
    ],
  });
  const certificate = await signed(tbs, key);
  const authority = { name, root: null, certificate, anchor: certificate, notAfter: toInstant(notAfter) };
  await given.stores.authorities.saveAuthority(authority);
  return (await given.stores.authorities.authority(authority.name)) ?? authority;
}
