import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { fromInstant, toInstant } from '../../../core/instant.ts';
import type { Authority } from '../../ports/authorities.ts';
import { liveOnes } from '../../ports/authorities.ts';
import type { CertificateOrder, Intent, Issuer } from '../../ports/certificate-authority.ts';
import type { OrgName } from '../../ports/issuer-name.ts';
import type { KeySigner } from '../../ports/signer.ts';
import { signed } from '../../x509/certificate.ts';
import { sha256Hex } from '../../x509/node-crypto.ts';
import { pemOf } from '../../x509/pem-of.ts';
import { newSerial } from '../../x509/serial.ts';
import { certificateList } from './crl.ts';
import { type DeviceTemplate, deviceTemplate } from './device-template.ts';
import { namesIn } from './issuing-certificates.ts';
import type { CertificatePolicy } from './policy.ts';
import { responderCertificate } from './responder-certificate.ts';
import { serverTemplate } from './server-certificate.ts';
import { chainOf } from './trust.ts';

export interface IssuerParts {
  readonly clock: Clock;
  readonly crypto: CryptoPort;
  readonly policy: CertificatePolicy;
  readonly verifierUrl: string;
}

/** A CA's key, with the template of everything that is the same in its certificates. */
export interface OpenedKey {
  readonly key: KeySigner;
  readonly template: DeviceTemplate;
}

export function templateOf(
  { name, anchor }: Authority,
  key: KeySigner,
  { verifierUrl }: IssuerParts,
): DeviceTemplate {
  const { subject, keyId } = namesIn(anchor);
  return deviceTemplate({
    algorithm: key.algorithm,
    issuer: subject,
    issuerSpki: key.spki,
    issuerKeyId: keyId,
    crlUrl: `${verifierUrl}/crl/${name}.crl`,
    ocspUrl: `${verifierUrl}/ocsp`,
    issuerUrl: `${verifierUrl}/ca/${name}.cer`,
  });
}

/** An issuing CA among the generations of its organisation. */
export function issuerOf(
  authority: Authority & { readonly org: OrgName },
  { key, template }: OpenedKey,
  generations: readonly Authority[],
  parts: IssuerParts,
): Issuer {
  const { name, org } = authority;
  const { subject, keyId } = namesIn(authority.anchor);
  const now = parts.clock.now();
  return {
    name,
    org,
    own: name,
    replaced: authority.replaced !== null,
    chainPem: pemOf(chainOf(authority, generations, now)),
    anchorPem: pemOf([authority.anchor]),
    anchorsPem: pemOf(liveOnes(generations, now).map(({ anchor }) => anchor)),
    prepare: (order) => prepare(order, template, authority, parts),
    prepareServer: (order) =>
      intent(order.lifetime, authority, parts, (fields) =>
        serverTemplate(order, fields, { subject, key, keyId, url: `${parts.verifierUrl}/ca/${name}.cer` }),
      ),
    async sign({ toBeSigned, issuer }) {
      if (issuer !== name) throw new Error(`${name} was asked to sign what ${issuer} prepared`);
      const der = await signed(toBeSigned, key);
      return { der, fingerprint: sha256Hex(der) };
    },
    spki: key.spki,
    subject,
    certifyResponder: (spki, until) =>
      responderCertificate(
        { spki, notBefore: parts.clock.now() - parts.policy.backdate, notAfter: until },
        { name, subject, key, keyId },
        parts.crypto,
      ),
    signCrl: (order) => certificateList(order, { subject, keyId }, key),
  };
}

/** Encodes what the RA ordered as the bytes to be signed. */
function prepare(
  order: CertificateOrder,
  template: DeviceTemplate,
  authority: Authority,
  parts: IssuerParts,
): Intent {
  const life = Math.min(order.lifetime ?? parts.policy.device, parts.policy.device);
  return intent(life, authority, parts, (fields) => template({ ...order, ...fields }));
}

function intent(
  life: number,
  authority: Authority,
  { clock, crypto, policy }: IssuerParts,
  template: (fields: { serial: string; notBefore: number; notAfter: number }) => Uint8Array,
): Intent {
  const now = clock.now();
  const notBefore = now - policy.backdate;
  // A certificate that outlived its issuer could not be verified.
  const notAfter = Math.min(now + life, fromInstant(authority.notAfter));
  const serial = newSerial(crypto);
  const toBeSigned = template({ serial, notBefore, notAfter });
  return {
    serial,
    issuer: authority.name,
    kind: 'tbs',
    toBeSigned,
    digest: sha256Hex(toBeSigned),
    notBefore: toInstant(notBefore),
    notAfter: toInstant(notAfter),
  };
}
