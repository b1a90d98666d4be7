import { toInstant } from '../../../core/instant.ts';
import type { Authority } from '../../ports/authorities.ts';
import type { IssuerName } from '../../ports/issuer-name.ts';
import { type KeySigner, VaultError } from '../../ports/signer.ts';
import { signed, tbsCertificate } from '../../x509/certificate.ts';
import {
  authorityKeyIdentifier,
  basicConstraintsCa,
  keyUsageCa,
  subjectKeyIdentifier,
} from '../../x509/extensions.ts';
import { newSerial } from '../../x509/serial.ts';
import { authorityName } from '../../x509/x509-name.ts';
import type { EstablishParts } from './candidate.ts';
import { openKey } from './open-key.ts';

export interface Root {
  readonly key: KeySigner;
  readonly authority: Authority;
}

/**
 * A root with its key; both are created if there is no such root yet. Throws VaultError if its key was taken off this
 * machine: a new key with the old name would sign what no verifier accepts.
 */
export async function openRoot(name: IssuerName, parts: EstablishParts): Promise<Root> {
  const stored = await parts.stores.authorities.authority(name);
  if (stored === undefined) return makeRoot(name, parts);
  const key = await openKey(stored, parts.vault);
  if (key === undefined)
    throw new VaultError(
      `the key ${name} is not on this machine: make a request with "ca request", sign it where the key is with "ca sign", and bring the certificate in with "ca import"`,
    );
  return { key, authority: stored };
}

async function makeRoot(name: IssuerName, parts: EstablishParts): Promise<Root> {
  const key = await parts.vault.ensure(name, 'P-384');
  const now = parts.clock.now();
  const notAfter = now + parts.policy.root;
  const tbs = tbsCertificate({
    serial: newSerial(parts.crypto),
    algorithm: key.algorithm,
    issuer: authorityName(name),
    subject: authorityName(name),
    notBefore: now - parts.policy.backdate,
    notAfter,
    spki: key.spki,
    // The path length leaves room for the issuing CAs, which may sign no further CA.
    extensions: [
      basicConstraintsCa(1),
      keyUsageCa(),
      subjectKeyIdentifier(key.spki),
      authorityKeyIdentifier(key.spki),
    ],
  });
  const certificate = await signed(tbs, key);
  await parts.stores.authorities.saveAuthority({
    name,
    org: null,
    generation: 1,
    root: null,
    certificate,
    anchor: certificate,
    notAfter: toInstant(notAfter),
    crossed: null,
    replaced: null,
  });
  const authority = await parts.stores.authorities.authority(name);
  if (authority === undefined) throw new Error('a root was not saved');
  return { key, authority };
}
