import type { TrustFault } from '../../../contract/codes.ts';
import { toHex } from '../../../core/bytes.ts';
import type { Certificate } from '../../../core/certificate.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import {
  type GrantPort,
  type StatusPort,
  type Verification,
  verifyCertificate,
} from '../../../core/verify-certificate.ts';
import type { CertificateAuthority } from '../../ports/certificate-authority.ts';
import type { Needs } from '../../ports/stores.ts';

type VerifyStores = Needs<
  'certificates' | 'certificateStates' | 'bindings' | 'domains' | 'life' | 'orgs' | 'places'
>;

export interface VerifyParts {
  readonly stores: VerifyStores;
  readonly ca: Pick<CertificateAuthority, 'bundle'>;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

/**
 * The five checks against our own state: the domain decides which CA is trusted, revocation is as decided by now, and
 * the grant is the live binding. An unknown domain gets the same answer as another organisation's.
 */
export async function verifyDevice(
  der: Uint8Array,
  expected: { readonly domain: string; readonly udid?: string | undefined },
  { stores, ca, clock, crypto }: VerifyParts,
): Promise<Verification> {
  const now = clock.now();
  const domain = await stores.domains.domain(expected.domain);
  return verifyCertificate(der, {
    trusted: domain === undefined ? [] : await ca.bundle(domain.org),
    expected,
    now,
    status: statusIn(stores, crypto),
    grant: grantIn(stores, expected.domain, crypto),
    crypto,
  });
}

/** The certificate is looked up by its exact bytes first: a third party chooses its own serials, which are in none of our rows. */
function statusIn(
  { certificates, certificateStates }: Needs<'certificates' | 'certificateStates'>,
  crypto: CryptoPort,
): StatusPort {
  return async ({ serial, der }) => {
    const stored = await certificates.byFingerprint(toHex(await crypto.sha256(der)));
    const status = await certificateStates.status(stored?.serial ?? serial.padStart(32, '0'));
    if (status === undefined) return 'status_unknown';
    if (status.revoked === undefined) return undefined;
    return status.revoked.reason === 'certificateHold' ? 'certificate_on_hold' : 'certificate_revoked';
  };
}

/** The grant: exactly these bytes were issued for a live binding, and its domain still belongs to its organisation. */
function grantIn(
  { certificates, bindings, domains, life, orgs, places }: VerifyStores,
  asked: string,
  crypto: CryptoPort,
): GrantPort {
  return async ({ der }: Certificate): Promise<TrustFault | undefined> => {
    const certificate = await certificates.byFingerprint(toHex(await crypto.sha256(der)));
    const binding = certificate && (await bindings.binding(certificate.binding));
    const domain = binding && (await domains.domain(binding.domain));
    const isAsked =
      binding !== undefined && (binding.domain === asked || (await stoodIn(asked, binding, places)));
    if (binding === undefined || !isAsked || domain?.org !== binding.org) return 'not_granted';
    if (binding.endedAt !== null) return 'grant_ended';
    if ((await life.suspension(binding.id)) !== undefined) return 'grant_suspended';
    // A practice device proves nothing outside the training organisation.
    return (await orgs.org(binding.org))?.training === false ? undefined : 'practice_only';
  };
}

/**
 * Whether a device that was moved stood in this domain. The certificate for it is good until the device shows the new one and is
 * revoked then; that it names the domain is a check of its own.
 */
async function stoodIn(
  domain: string,
  { registration }: { readonly registration: string },
  { ofRegistration }: Pick<Needs<'places'>['places'], 'ofRegistration'>,
): Promise<boolean> {
  return (await ofRegistration(registration)).some(({ before }) => before.domain === domain);
}
