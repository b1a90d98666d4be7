import type { TrustCheckName, TrustFault } from '../contract/codes.ts';
import { equalBytes } from './bytes.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { type CertificatePath, findPath, mayHaveIssued } from './certificate-path.ts';
import { isListOf, parseCrl } from './crl.ts';
import type { CryptoPort } from './crypto.ts';
import { DerError } from './der.ts';
import { isSignedBy } from './signed-by.ts';
import { isUdid } from './udid.ts';

/**
 * The five checks before a device's certificate is trusted: signature, chain, revocation, name, grant. Each answers for
 * itself, so that one fault is not taken for another. Runs anywhere, without a network: docs/verify.md.
 */
export interface Verification {
  /** `trusted`: all five passed. `refused`: one failed. `undecided`: none failed, and not all could be made. */
  readonly verdict: 'trusted' | 'refused' | 'undecided';
  readonly checks: readonly TrustCheck[];
  /** The name in the certificate, if it is a device's; believed only as far as the checks went. */
  readonly device: DeviceName | undefined;
}

export type TrustCheck =
  | { readonly check: TrustCheckName; readonly result: 'passed' }
  | {
      readonly check: TrustCheckName;
      readonly result: 'failed' | 'not_checkable';
      readonly code: TrustFault;
    };

export interface DeviceName {
  readonly domain: string;
  readonly udid: string;
}

export interface VerifyWith {
  /** What the verifier trusts, DER: the certificates of an organisation's bundle. */
  readonly trusted: readonly Uint8Array[];
  /** What came along with the leaf, DER. */
  readonly offered?: readonly Uint8Array[];
  /** The domain in which the device wants to act; `udid` where one certain device is meant. */
  readonly expected: { readonly domain: string; readonly udid?: string | undefined };
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly status: StatusPort;
  /** Whoever keeps the bindings; left out, nobody was asked. */
  readonly grant?: GrantPort;
  readonly crypto: CryptoPort;
}

/** What is known of a serial number of this issuer: a fault, or undefined for none. */
export type StatusPort = (leaf: Certificate, issuer: Certificate) => Promise<TrustFault | undefined>;
/** Whether this very certificate still stands for a binding: a fault, or undefined for none. */
export type GrantPort = (leaf: Certificate) => Promise<TrustFault | undefined>;

/** What could not be found out, in place of what was found to be wrong. Never taken for a yes. */
const UNKNOWN: ReadonlySet<TrustFault> = new Set<TrustFault>([
  'status_unknown',
  'status_stale',
  'grant_not_asked',
]);

/** Never throws for a hostile certificate. */
export async function verifyCertificate(der: Uint8Array, using: VerifyWith): Promise<Verification> {
  const leaf = read(der);
  if (leaf === undefined) return unreadable();
  const { crypto, status, grant, now, expected } = using;
  const path = await findPath(leaf, readAll(using.trusted), readAll(using.offered ?? []), crypto);
  const issuer = path?.issuers[0];
  const device = deviceName(leaf);
  return verificationOf(
    [
      path === undefined
        ? missing('signature', 'issuer_unknown')
        : answer('signature', path.signed ? undefined : 'signature_invalid'),
      answer('chain', path === undefined ? 'issuer_unknown' : chainFault(leaf, path, now)),
      issuer === undefined
        ? missing('revocation', 'issuer_unknown')
        : answer('revocation', await status(leaf, issuer)),
      answer('name', nameFault(device, expected)),
      answer('grant', grant === undefined ? 'grant_not_asked' : await grant(leaf)),
    ],
    device,
  );
}

function read(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** What does not read vouches for nothing. */
function readAll(ders: readonly Uint8Array[]): Certificate[] {
  return ders.slice(0, 64).flatMap((der) => read(der) ?? []);
}

function answer(check: TrustCheckName, fault: TrustFault | undefined): TrustCheck {
  if (fault === undefined) return { check, result: 'passed' };
  return UNKNOWN.has(fault) ? missing(check, fault) : { check, result: 'failed', code: fault };
}

function missing(check: TrustCheckName, code: TrustFault): TrustCheck {
  return { check, result: 'not_checkable', code };
}

function unreadable(): Verification {
  const code = 'certificate_malformed';
  const rest = (['chain', 'revocation', 'name', 'grant'] as const).map((check) => missing(check, code));
  return verificationOf([answer('signature', code), ...rest], undefined);
}

function verificationOf(checks: readonly TrustCheck[], device: DeviceName | undefined): Verification {
  if (checks.some(({ result }) => result === 'failed')) return { verdict: 'refused', checks, device };
  const all = checks.every(({ result }) => result === 'passed');
  return { verdict: all ? 'trusted' : 'undecided', checks, device };
}

/** RFC 5280 section 6.1, in what this use needs: no policies, and name constraints count as unknown, so they refuse. */
function chainFault(leaf: Certificate, { issuers }: CertificatePath, now: number): TrustFault | undefined {
  if (leaf.isCa) return 'not_a_device';
  if ([leaf, ...issuers].some(({ hasUnknownCritical }) => hasUnknownCritical)) return 'extension_unknown';
  let below = 0;
  for (const ca of issuers) {
    if (!ca.isCa || !ca.maySign || below > (ca.pathLength ?? Number.POSITIVE_INFINITY))
      return 'issuer_not_ca';
    // Self-issued ones take no room (section 4.2.1.9): those between two generations of one CA.
    if (!equalBytes(ca.subject, ca.issuer)) below++;
  }
  if (now < leaf.notBefore) return 'certificate_not_yet_valid';
  if (now >= leaf.notAfter) return 'certificate_expired';
  if (issuers.some(({ notBefore, notAfter }) => now < notBefore || now >= notAfter)) return 'issuer_expired';
  return undefined;
}

/**
 * The one SPIFFE identity (X.509-SVID section 2) and, beside it, no DNS name but the device's own: the names a service is
 * looked up by stand in the SAN, never in the subject (RFC 9525 section 2), and patterns are none.
 */
export function deviceName({ uris, dnsNames }: Certificate): DeviceName | undefined {
  const found =
    uris.length === 1 ? /^spiffe:\/\/([a-z0-9.-]+)\/device\/([a-z0-9-]+)$/.exec(uris[0] ?? '') : null;
  const [, domain = '', udid = ''] = found ?? [];
  if (!isUdid(udid) || !dnsNames.every((name) => name === `${udid}.d.${domain}`)) return undefined;
  return { domain, udid };
}

function nameFault(device: DeviceName | undefined, expected: VerifyWith['expected']): TrustFault | undefined {
  if (device === undefined) return 'name_missing';
  if (device.domain !== expected.domain) return 'name_mismatch';
  return expected.udid === undefined || device.udid === expected.udid ? undefined : 'name_mismatch';
}

/** Revocation by lists that the verifier fetched, DER. No list of this issuer, or an old one, is no "yes". */
export function statusByLists(
  lists: readonly Uint8Array[],
  { now, crypto }: Pick<VerifyWith, 'now' | 'crypto'>,
): StatusPort {
  return async (leaf, issuer) => {
    let fault: TrustFault | undefined = 'status_unknown';
    for (const der of lists.slice(0, 64)) {
      const list = readList(der);
      if (list === undefined) return 'status_invalid';
      if (!isListOf(list, issuer) || !mayHaveIssued(issuer, leaf)) continue;
      if (!(await isSignedBy(list, issuer.spki, crypto))) return 'status_invalid';
      const entry = list.entries.get(leaf.serial);
      // What was revoked stays so, however old the list; a hold may have ended since.
      if (entry !== undefined && !entry.onHold) return 'certificate_revoked';
      if (now < list.thisUpdate || now >= list.nextUpdate) fault = fault && 'status_stale';
      else if (entry !== undefined) return 'certificate_on_hold';
      else fault = undefined;
    }
    return fault;
  };
}

function readList(der: Uint8Array) {
  try {
    return parseCrl(der);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
