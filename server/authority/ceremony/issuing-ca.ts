import { toInstant } from '../../../core/instant.ts';
import { type Authority, FOREIGN_ROOT } from '../../ports/authorities.ts';
import { VaultError } from '../../ports/signer.ts';
import type { Transact } from '../../ports/stores.ts';
import type { WantedCa } from '../../ports/wanted-ca.ts';
import { commandLine } from '../../trail/actors.ts';
import { audit } from '../../trail/chain.ts';
import { STEPS } from '../../trail/steps.ts';
import { sha256Hex } from '../../x509/node-crypto.ts';
import type { EstablishParts } from '../ca/candidate.ts';
import { type CertifiedCa, certifyAfter } from '../ca/establish.ts';
import { generation } from '../ca/generation.ts';

export interface IssuingParts extends EstablishParts {
  readonly transact: Transact<'authorities' | 'audit'>;
}

/**
 * The issuing CA of an organisation; it and its root are created if needed. Idempotent: a repetition after a crash
 * reuses the keys and certificates that exist.
 */
export async function establishIssuing(org: WantedCa, parts: IssuingParts): Promise<Authority> {
  const existing = await parts.stores.authorities.authority(org.name);
  return existing ?? install(await certifyAfter(0, org, parts), parts);
}

export type RotateResult =
  | { readonly code: 'rotated'; readonly authority: Authority }
  /** A rotation is under way; verifiers have until then to switch over. */
  | { readonly code: 'overlap'; readonly until: string }
  | { readonly code: 'no_authority' };

/** Creates the next issuing CA of an organisation. During the overlap another one is created only if `again` is set. */
export async function rotateIssuing(
  org: WantedCa & { readonly again: boolean },
  parts: IssuingParts,
): Promise<RotateResult> {
  const generations = await parts.stores.authorities.ofOrg(org.name);
  const last = generations.at(-1);
  if (last === undefined) return { code: 'no_authority' };
  // Our own root would take a foreign one's place without a word.
  if (last.root === FOREIGN_ROOT)
    throw new VaultError(
      `the root of ${org.name} is not ours: make a request with "ca request", have it signed where the last one was, and bring the chain in with "ca import"`,
    );
  const until = watchedUntil(generations, parts.clock.now());
  if (!org.again && until !== undefined) return { code: 'overlap', until };
  // The new generation follows the one that was read above: of two concurrent callers, the second must not find a
  // newer generation to replace.
  const certified = await certifyAfter(last.generation, org, parts);
  return { code: 'rotated', authority: await install(certified, parts) };
}

/** Until when the predecessor of the last rotation still signs CRLs; undefined if there is none. */
export async function overlapOf(org: string, { stores, clock }: IssuingParts): Promise<string | undefined> {
  return watchedUntil(await stores.authorities.ofOrg(org), clock.now());
}

function watchedUntil(generations: readonly Authority[], now: number): string | undefined {
  const until = generations.at(-2)?.replaced?.until;
  return until !== undefined && Date.parse(until) > now ? until : undefined;
}

/** Stores a certified issuing CA in one transaction: a crash leaves either the old state or the new one. */
export async function install(certified: CertifiedCa, parts: IssuingParts): Promise<Authority> {
  const { authority, before } = await generation(certified, parts);
  return parts.transact(async (tx) => {
    const existing = await tx.authorities.authority(authority.name);
    // Another process was quicker, with the same key.
    if (existing !== undefined) return existing;
    await tx.authorities.saveAuthority(authority);
    const at = toInstant(parts.clock.now());
    if (authority.root === FOREIGN_ROOT)
      await audit(tx.audit, {
        at,
        step: STEPS.admin,
        event: 'issuing CA under a foreign root',
        actor: commandLine(),
        org: authority.org,
        subject: authority.name,
        detail: `root SHA-256 ${sha256Hex(authority.above?.at(-1) ?? new Uint8Array())}, until ${authority.notAfter}`,
      });
    if (before === undefined) return authority;
    await tx.authorities.replace(before.name, { at, until: before.until });
    await audit(tx.audit, {
      at,
      step: STEPS.admin,
      event: 'issuing CA replaced',
      actor: commandLine(),
      org: authority.org,
      subject: authority.name,
      detail: `SHA-256 ${sha256Hex(authority.anchor)}; ${before.name} until ${before.until}`,
    });
    return authority;
  });
}
