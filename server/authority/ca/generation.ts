import { equalBytes } from '../../../core/bytes.ts';
import { toInstant } from '../../../core/instant.ts';
import { type Authority, FOREIGN_ROOT } from '../../ports/authorities.ts';
import type { IssuerName } from '../../ports/issuer-name.ts';
import { VaultError } from '../../ports/signer.ts';
import type { EstablishParts } from './candidate.ts';
import type { CertifiedCa } from './establish.ts';
import { byOrg, cross, endOf, namesIn } from './issuing-certificates.ts';
import { openKey } from './open-key.ts';

const DAY = 24 * 3_600_000;

export interface Generation {
  readonly authority: Authority;
  /** The CA that it replaces, and until when that one still signs CRLs and OCSP; undefined for the first generation. */
  readonly before: { readonly name: IssuerName; readonly until: string } | undefined;
}

/**
 * All certificates of a new generation: its anchor, and cross certificates with the generation before. The earlier
 * generation issues nothing more, but keeps signing CRLs and OCSP until none of its certificates can be valid.
 */
export async function generation(
  { candidate, certificate, foreign }: CertifiedCa,
  parts: EstablishParts,
): Promise<Generation> {
  const { key, ...named } = candidate;
  const { stores, clock, crypto, policy, vault } = parts;
  const now = clock.now();
  const notBefore = now - policy.backdate;
  // What outlived anything above it could not be verified by whoever trusts that root.
  const notAfter = foreign?.notAfter ?? endOf(certificate);
  const called = namesIn(certificate);
  const span = { notBefore, notAfter };
  const anchor = await byOrg({ org: named.org, called, spki: key.spki, ...span }, key, crypto);
  const authority = {
    ...{ ...named, certificate, anchor, notAfter: toInstant(notAfter), replaced: null },
    ...(foreign === undefined ? {} : { root: FOREIGN_ROOT, above: foreign.above }),
  };
  const all = await stores.authorities.ofOrg(named.org);
  const before = all.find((one) => one.generation === named.generation - 1);
  if (before === undefined) return { authority: { ...authority, crossed: null }, before };
  // One day more than a device certificate's life: other processes issue with the old CA a moment longer, and by
  // their own clocks.
  const until = toInstant(Math.min(now + policy.device + DAY, Date.parse(before.notAfter)));
  const follows = { name: before.name, until };
  // A cross certificate between two names would be one CA more than an anchor's path length lets stand below it.
  if (!equalBytes(called.subject, namesIn(before.anchor).subject))
    return { authority: { ...authority, crossed: null }, before: follows };
  const oldKey = await openKey(before, vault);
  if (oldKey === undefined)
    throw new VaultError(
      `the key ${before.name} is missing, and without it no verifier goes over to ${named.name}`,
    );
  const old = { key: oldKey, anchor: before.anchor };
  const crossed = await cross(named.org, { key, anchor }, old, notBefore, crypto);
  return { authority: { ...authority, crossed }, before: follows };
}
