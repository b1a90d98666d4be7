import { toInstant } from '../../../core/instant.ts';
import { liveOnes } from '../../ports/authorities.ts';
import type { CertificateAuthority } from '../../ports/certificate-authority.ts';
import type { RevocationLists, StoredCrl } from '../../ports/crls.ts';
import type { IssuerName } from '../../ports/issuer-name.ts';
import { NotNow } from '../../ports/not-now.ts';
import { PROCESS_SKEW, type ServerClock } from '../../ports/server-clock.ts';
import type { Needs, Transact } from '../../ports/stores.ts';
import { Unavailable } from '../../ports/unavailable.ts';
import { STATUS_LEEWAY } from './status-leeway.ts';

const HOUR = 3_600_000;
/** Lifetime of a CRL: a verifier gets over a weekend without us. */
const LIFE = 7 * 24 * HOUR;
/** A CRL is signed anew this long before `nextUpdate`. */
const MARGIN = 6 * 24 * HOUR;

export interface CrlParts {
  readonly stores: Needs<'crls' | 'certificateStates'>;
  readonly transact: Transact<'crls' | 'certificateStates'>;
  readonly ca: CertificateAuthority;
  readonly clock: ServerClock;
}

/** The CRL of one issuing CA, signed anew if something was revoked since or its end is near. */
async function currentCrl(name: IssuerName, parts: CrlParts): Promise<StoredCrl | undefined> {
  if (parts.clock.doubt() !== undefined) return unchangedCrl(name, parts);
  const issuer = await parts.ca.issuerNamed(name);
  // Certificates that a third party signed are on that party's own CRL.
  if (issuer === undefined || issuer.own !== name) return undefined;
  const stored = await parts.stores.crls.crl(name);
  if (stored !== undefined && !(await isStale(stored, parts))) return stored;
  return parts.transact(async (tx) => {
    const now = parts.clock.now();
    const last = await tx.crls.crl(name);
    // The counter is read before the entries: a certificate that is revoked in between is on the list too soon, never
    // too late.
    const revocations = await tx.certificateStates.revocations(name);
    const entries = await tx.certificateStates.revokedBy(name);
    // RFC 5280 section 5.2.3: CRL numbers only grow. The transaction is exclusive, so two writers cannot use the same number.
    // Milliseconds since 1970 make them grow even over a database that was put back to a copy, or that a failover cut short.
    const number = Math.max((last?.number ?? 0) + 1, now);
    const thisUpdate = toInstant(now - STATUS_LEEWAY);
    const nextUpdate = toInstant(now + LIFE);
    const der = await issuer.signCrl({ number, thisUpdate, nextUpdate, entries });
    const crl = { issuer: name, number, der, thisUpdate, nextUpdate, revocations };
    await tx.crls.saveCrl(crl);
    return crl;
  });
}

/**
 * The CRL as it was signed last. While the clock is not believed none is signed, and this one holds as long as nothing was
 * revoked since. Throws NotNow if something was.
 */
async function unchangedCrl(name: IssuerName, { stores }: CrlParts): Promise<StoredCrl | undefined> {
  const stored = await stores.crls.crl(name);
  if (stored !== undefined && (await stores.certificateStates.revocations(name)) !== stored.revocations)
    throw new NotNow('clock_not_believed');
  return stored;
}

export function revocationLists(
  parts: CrlParts & { readonly stores: Needs<'authorities'> },
): RevocationLists {
  async function listsOf(issuers: readonly IssuerName[]): Promise<StoredCrl[]> {
    const lists: StoredCrl[] = [];
    for (const issuer of new Set(issuers)) {
      const crl = await currentCrl(issuer, parts);
      if (crl !== undefined) lists.push(crl);
    }
    return lists;
  }

  return {
    async current(issuer) {
      try {
        return await currentCrl(issuer, parts);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        // None can be signed anew now. The last one is what verifiers hold anyway, and good for as long as it says.
        const last = await parts.stores.crls.crl(issuer);
        if (last === undefined || Date.parse(last.nextUpdate) <= parts.clock.now()) throw error;
        return last;
      }
    },
    async ofOrg(org) {
      const live = liveOnes(await parts.stores.authorities.ofOrg(org), parts.clock.now());
      const lists = await listsOf(live.map(({ name }) => name));
      // A missing CRL must not look like a CRL without entries.
      return lists.length === 0 || lists.length < live.length ? undefined : lists;
    },
    publish: listsOf,
  };
}

async function isStale(crl: StoredCrl, { stores, clock }: CrlParts): Promise<boolean> {
  const now = clock.now();
  if (Date.parse(crl.nextUpdate) - now < MARGIN) return true;
  // Signed by a clock that was ahead: whoever has the right time would not take it yet.
  if (Date.parse(crl.thisUpdate) > now - STATUS_LEEWAY + PROCESS_SKEW) return true;
  return (await stores.certificateStates.revocations(crl.issuer)) !== crl.revocations;
}

/** Brings the CRL of every issuing CA up to date; that of a replaced CA until none of its certificates can be valid. */
export async function refreshCrls(
  parts: CrlParts & { readonly stores: Needs<'authorities'> },
): Promise<void> {
  const now = parts.clock.now();
  for (const { name, root, replaced } of await parts.stores.authorities.authorities())
    if (root !== null && (replaced === null || Date.parse(replaced.until) > now))
      await currentCrl(name, parts);
}
