import type { Change, IssuedCertificate } from '../../../contract/change.ts';
import { toPem } from '../../../core/pem.ts';
import type { StoredChange } from '../../ports/changes.ts';
import type { Needs } from '../../ports/stores.ts';
import type { TrustedIssuers } from '../face.ts';

export interface ViewParts {
  readonly stores: Needs<'certificates' | 'people'>;
  readonly ca: Pick<TrustedIssuers, 'issuerNamed'>;
}

/** A change as phones get it, with its certificate. */
export async function viewChange(org: string, change: StoredChange, parts: ViewParts): Promise<Change> {
  const certificate =
    change.fingerprint === null ? undefined : await viewCertificate(change.fingerprint, parts);
  const by = change.by == null ? undefined : await nameOf(change.by, org, parts);
  return {
    record: change.record,
    outcome: change.outcome,
    at: change.at,
    ...(by === undefined ? {} : { by }),
    ...(change.code === null ? {} : { code: change.code }),
    ...(change.detail === null ? {} : { detail: change.detail.slice(0, 300) }),
    ...(change.maker === null ? {} : { maker: change.maker }),
    ...(change.udid === null ? {} : { udid: change.udid }),
    ...(change.domain === null ? {} : { domain: change.domain }),
    ...(change.unproven === null ? {} : { unproven: change.unproven }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

/** Who decided, if they work there: of the people of another organisation its phones learn nothing. */
async function nameOf(
  operator: string,
  org: string,
  { stores: { people } }: ViewParts,
): Promise<string | undefined> {
  const memberships = await people.memberships(operator);
  if (!memberships.some((membership) => membership.org === org)) return undefined;
  return (await people.person(operator))?.name.slice(0, 120);
}

/** The certificate with this fingerprint. A revoked one is not handed out again. */
async function viewCertificate(
  fingerprint: string,
  { stores, ca }: ViewParts,
): Promise<IssuedCertificate | undefined> {
  const stored = await stores.certificates.byFingerprint(fingerprint);
  const issuer = stored && (await ca.issuerNamed(stored.issuer));
  if (stored === undefined || stored.revokedAt !== null || issuer === undefined) return undefined;
  return {
    fingerprint,
    leafPem: toPem('CERTIFICATE', stored.der),
    chainPem: issuer.chainPem,
    notBefore: stored.notBefore,
    notAfter: stored.notAfter,
  };
}
