import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { toInstant } from '../../core/instant.ts';
import {
  type DomainName,
  isAncestor,
  isDomainName,
  type NameErrorCode,
  parseDomainName,
} from '../../core/name.ts';
import type { Needs, Transact } from '../ports/stores.ts';
import { commandLine } from '../trail/actors.ts';
import { audit } from '../trail/chain.ts';
import { STEPS } from '../trail/steps.ts';
import type { TxtResolver } from './name-proof.ts';

export interface DomainParts {
  readonly stores: Needs<'orgs' | 'domains'>;
  readonly transact: Transact<'domains' | 'audit'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly resolver: TxtResolver;
  readonly aud: string;
  /** Domain suffix of the installation; names below it need no proof. */
  readonly suffix: string;
}

export type DomainResult =
  | { readonly ok: true; readonly name: DomainName; readonly created: boolean }
  | { readonly ok: false; readonly code: NameErrorCode | 'org_unknown' | 'suffix_itself' | 'domain_taken' }
  /** The caller must set this TXT record at this name, then ask again. */
  | { readonly ok: false; readonly code: 'proof_missing'; readonly at: string; readonly text: string };

/**
 * Creates an operational domain. It must not be, contain or lie below a domain of another organisation, since a name's
 * owner decides about every name below it.
 */
export async function createDomain(
  request: { readonly name: string; readonly org: string; readonly title: string },
  parts: DomainParts,
): Promise<DomainResult> {
  const parsed = parseDomainName(request.name);
  if (!parsed.ok) return parsed;
  const { name } = parsed;
  if ((await parts.stores.orgs.org(request.org)) === undefined) return { ok: false, code: 'org_unknown' };
  const { suffix } = parts;
  if (!isDomainName(suffix)) throw new Error('the suffix is no domain name');
  if (name === suffix || isAncestor(name, suffix)) return { ok: false, code: 'suffix_itself' };
  if (!isAncestor(suffix, name)) {
    const at = `_fieldbind.${name}`;
    const text = await proofText(name, request.org, parts);
    if (!(await parts.resolver.txt(at)).includes(text)) return { ok: false, code: 'proof_missing', at, text };
  }
  const now = toInstant(parts.clock.now());
  return parts.transact(async (tx) => {
    const overlapping = await tx.domains.overlapping(name);
    if (overlapping.some((other) => other.org !== request.org)) return { ok: false, code: 'domain_taken' };
    const created = !overlapping.some((other) => other.name === name);
    await tx.domains.saveDomain({ name, org: request.org, title: request.title }, now);
    if (created) {
      await audit(tx.audit, {
        at: now,
        step: STEPS.admin,
        event: 'domain created',
        actor: commandLine(),
        org: request.org,
        subject: name,
        detail: isAncestor(suffix, name) ? 'under our own suffix' : 'by DNS',
      });
    }
    return { ok: true, name, created };
  });
}

/** The proof covers installation, organisation and name, so it is worth nothing elsewhere. */
async function proofText(name: string, org: string, { crypto, aud }: DomainParts): Promise<string> {
  const digest = await crypto.sha256(utf8(`fieldbind-domain\0${aud}\0${org}\0${name}`));
  return `fieldbind-domain=${toBase64Url(digest)}`;
}
