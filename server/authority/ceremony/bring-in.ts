import { X509Certificate } from 'node:crypto';
import { equalBytes } from '../../../core/bytes.ts';
import type { Authority } from '../../ports/authorities.ts';
import { generationName, rootOf } from '../../ports/ca-names.ts';
import { VaultError } from '../../ports/signer.ts';
import type { Needs } from '../../ports/stores.ts';
import type { WantedCa } from '../../ports/wanted-ca.ts';
import { candidateAfter } from '../ca/candidate.ts';
import { issuingRequest } from '../ca/request.ts';
import { foreignChain, letsBeNamed } from './foreign-chain.ts';
import { type IssuingParts, install } from './issuing-ca.ts';

/** The CSR for an organisation's next issuing CA, DER. It has the same key each time until its certificate is brought in. */
export async function requestIssuing(org: WantedCa, parts: IssuingParts): Promise<Uint8Array> {
  const { key } = await candidateAfter(await lastOf(org, parts), org, parts);
  return issuingRequest(org.name, key);
}

/**
 * Installs an issuing CA whose certificate a root signed elsewhere. Alone, it must be for the key of the CSR, in this
 * organisation's name, and signed by our root. With what stands above it, it may be under any root (foreign-chain.ts).
 * Throws VaultError.
 */
export async function bringIn(
  org: WantedCa,
  [certificate = new Uint8Array(), ...above]: readonly Uint8Array[],
  parts: IssuingParts & { readonly stores: Needs<'domains'> },
): Promise<Authority> {
  const last = await lastOf(org, parts);
  const name = generationName(org.name, last + 1);
  const key = await parts.vault.open(name);
  if (key === undefined)
    throw new VaultError(`nothing was requested for ${org.name}: begin with "ca request"`);
  const root = await parts.stores.authorities.authority(rootOf(org));
  if (above.length > 0 && !above.some((one) => root !== undefined && equalBytes(one, root.certificate))) {
    if (org.training)
      throw new VaultError(
        'a training organisation stays under the root of training, which nobody else trusts',
      );
    const domains = (await parts.stores.domains.ofOrg(org.name)).map(({ name: domain }) => domain);
    const purpose = { spki: key.spki, domains, now: parts.clock.now() };
    const { certificate: own, ...foreign } = foreignChain([certificate, ...above], purpose);
    const candidate = await candidateAfter(last, org, parts);
    return install({ candidate, certificate: own, foreign }, parts);
  }
  if (root === undefined) throw new VaultError(`there is no ${rootOf(org)} yet`);
  const x509 = read(certificate);
  const signer = new X509Certificate(root.certificate);
  const wrong = [
    x509.subject === `O=Fieldbind\nCN=${org.name} CA` ? '' : 'it is for another name',
    equalBytes(x509.publicKey.export({ type: 'spki', format: 'der' }), key.spki)
      ? ''
      : 'it is for another key',
    x509.checkIssued(signer) && x509.verify(signer.publicKey) ? '' : `it is not signed by ${root.name}`,
    x509.ca ? '' : 'it is not a CA’s',
    Date.parse(x509.validTo) > parts.clock.now() ? '' : 'it has ended',
  ].filter((text) => text !== '');
  if (wrong.length > 0) throw new VaultError(`this certificate cannot be taken: ${wrong.join(', ')}`);
  return install({ candidate: await candidateAfter(last, org, parts), certificate }, parts);
}

/** Whether the issuing CA of an organisation may sign devices of this domain. Under our own root it may. */
export async function mayHoldDomain(
  org: string,
  domain: string,
  { stores }: Pick<IssuingParts, 'stores'>,
): Promise<boolean> {
  const last = (await stores.authorities.ofOrg(org)).at(-1);
  return last?.above === undefined || letsBeNamed([last.certificate, ...last.above], domain);
}

async function lastOf(org: WantedCa, { stores }: IssuingParts): Promise<number> {
  return (await stores.authorities.ofOrg(org.name)).at(-1)?.generation ?? 0;
}

function read(certificate: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch {
    throw new VaultError('the file holds no certificate');
  }
}
