import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { toInstant } from '../../../core/instant.ts';
import {
  type CertificateAuthority,
  type CertificateOrder,
  type Intent,
  type Issuer,
  SignatureDelayed,
} from '../../ports/certificate-authority.ts';
import type { IssuerName, OrgName } from '../../ports/issuer-name.ts';
import type { Needs } from '../../ports/stores.ts';
import { sha256Hex } from '../../x509/node-crypto.ts';
import { newSerial } from '../../x509/serial.ts';
import type { CertificatePolicy } from '../ca/policy.ts';
import type { EstCa } from './est-ca.ts';
import { writeOrder } from './order.ts';

export interface WithEstCaParts {
  readonly stores: Needs<'orgs'>;
  readonly policy: CertificatePolicy;
  readonly clock: Clock;
  readonly crypto: CryptoPort;
}

/** Suffix of the third party's issuer name. No organisation's name and no generation's can end so. */
const ENDING = '@est-ca';

/**
 * `estCa`: the third party's CA, if this process may ask it. `inUse`: whether it signs devices in place of ours now.
 * A command leaves such signatures to the servers.
 */
export interface ThirdParty {
  readonly estCa: EstCa | undefined;
  readonly inUse: boolean;
}

/**
 * Our CA, with a third party's in its place for devices of real organisations. Our own issuing CAs still sign for
 * services, and answer with CRL and OCSP for what they signed. Practice never leaves this installation. If the third
 * party is not in use, only its earlier certificates are known, so that our CA can renew them.
 */
export function withEstCa(
  ca: CertificateAuthority,
  { estCa, inUse }: ThirdParty,
  parts: WithEstCaParts,
): CertificateAuthority {
  const files = estCa?.files;
  const isForeign = async (org: OrgName) => inUse && (await parts.stores.orgs.org(org))?.training === false;

  function foreign(own: Issuer): Issuer {
    const name = `${own.org}${ENDING}` as IssuerName;
    return {
      ...own,
      name,
      own: own.name,
      replaced: !inUse,
      chainPem: files?.chainPem ?? '',
      anchorPem: files?.anchorPem ?? own.anchorPem,
      // Certificates of our own issuing CA stay good until they are renewed.
      anchorsPem: `${files?.chainPem ?? ''}${files?.anchorPem ?? ''}${own.anchorsPem}`,
      prepare: (order) => prepare(name, order, parts),
      async sign(intent) {
        if (intent.issuer !== name) return own.sign(intent);
        if (estCa === undefined) throw new SignatureDelayed(`${name} is not asked by this process`);
        return estCa.sign(intent);
      },
    };
  }

  return {
    async issuer(org) {
      const own = await ca.issuer(org);
      return own !== undefined && (await isForeign(org)) ? foreign(own) : own;
    },
    async issuerNamed(name) {
      if (!name.endsWith(ENDING)) return ca.issuerNamed(name);
      const own = await ca.issuer(name.slice(0, -ENDING.length));
      return own && foreign(own);
    },
    async bundle(org) {
      const own = await ca.bundle(org);
      const isTrusted = files !== undefined && own.length > 0 && (await isForeign(org));
      return isTrusted ? [...files.chain, ...own] : own;
    },
  };
}

/**
 * The third party chooses serial and validity. Our serial is only a reference, and both are replaced by those of its
 * certificate.
 */
function prepare(
  issuer: IssuerName,
  order: CertificateOrder,
  { policy, clock, crypto }: WithEstCaParts,
): Intent {
  const now = clock.now();
  const lifetime = Math.min(order.lifetime ?? policy.device, policy.device);
  const toBeSigned = writeOrder({ ...order, lifetime });
  return {
    serial: newSerial(crypto),
    issuer,
    kind: 'order',
    toBeSigned,
    digest: sha256Hex(toBeSigned),
    notBefore: toInstant(now - policy.backdate),
    notAfter: toInstant(now + lifetime),
  };
}
