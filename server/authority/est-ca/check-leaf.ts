import { X509Certificate } from 'node:crypto';
import { equalBytes } from '../../../core/bytes.ts';
import { type Certificate, parseCertificate } from '../../../core/certificate.ts';
import { mayHaveIssued } from '../../../core/certificate-path.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { readName } from '../../../core/csr.ts';
import { DerError, enterDer, TAG } from '../../../core/der.ts';
import { toInstant } from '../../../core/instant.ts';
import { deviceDnsName } from '../../../core/name.ts';
import { isSignedBy } from '../../../core/signed-by.ts';
import { verifyCertificate } from '../../../core/verify-certificate.ts';
import type { CertificateOrder, SubjectPart } from '../../ports/certificate-authority.ts';
import type { DeviceFault } from './est-faults.ts';

/** Clocks of two machines differ: a certificate whose `notBefore` is further ahead is not accepted. Milliseconds. */
const AHEAD = 5 * 60_000;
/** How far `notAfter` may exceed the policy: CAs count from their own clock, and round. Milliseconds. */
const BEYOND = 3_600_000;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ATTRIBUTE: Record<SubjectPart['attribute'], string> = { CN: '2.5.4.3', O: '2.5.4.10', OU: '2.5.4.11' };

export type LeafVerdict =
  | { readonly ok: true; readonly der: Uint8Array; readonly validity: Validity; readonly serial: string }
  | { readonly ok: false; readonly fault: DeviceFault };

export interface LeafContext {
  /** The CA that signs devices first, then each certificate's issuer, up to the anchor. */
  readonly chain: readonly Uint8Array[];
  readonly now: number;
  /** `notBefore` of the current certificate, if there is one: a successor must begin later. */
  readonly after: string | undefined;
  readonly crypto: CryptoPort;
}

export interface Validity {
  readonly notBefore: string;
  readonly notAfter: string;
}

/**
 * Compares the certificate of a third party's CA with the order. It must equal one of our own in everything that
 * verifiers rely on: key, issuer and chain, SPIFFE identity and DNS name, subject, lifetime, key usage.
 */
export async function checkLeaf(
  ders: readonly Uint8Array[],
  order: CertificateOrder & { readonly lifetime: number },
  context: LeafContext,
): Promise<LeafVerdict> {
  const { chain, now, after, crypto } = context;
  const read = ders.map(readLeaf);
  if (read.length === 0 || read.includes(undefined)) return wrong('answer_unreadable');
  const [leaf, ...more] = read.filter((one) => one !== undefined && equalBytes(one.spki, order.spki));
  if (leaf === undefined || more.length > 0) return wrong('answer_key');
  const [above] = chain.map((der) => parseCertificate(der));
  if (above === undefined || !mayHaveIssued(above, leaf) || !(await isSignedBy(leaf, above.spki, crypto)))
    return wrong('answer_chain');
  const { checks } = await verifyCertificate(leaf.der, {
    trusted: chain,
    expected: order,
    now: now + AHEAD,
    status: async () => undefined,
    grant: async () => undefined,
    crypto,
  });
  const failed = checks.find(({ result }) => result !== 'passed');
  if (failed !== undefined) return wrong(failed.check === 'name' ? 'answer_name' : 'answer_chain');
  const [dns, ...others] = leaf.dnsNames;
  if (dns !== deviceDnsName(order.domain, order.udid) || others.length > 0 || !hasSubject(leaf, order))
    return wrong('answer_name');
  if (leaf.notAfter > now + order.lifetime + BEYOND) return wrong('answer_life');
  const uses = new X509Certificate(leaf.der).keyUsage as readonly string[] | undefined;
  if (uses !== undefined && !uses.includes(CLIENT_AUTH)) return wrong('answer_use');
  const validity = { notBefore: toInstant(leaf.notBefore), notAfter: toInstant(leaf.notAfter) };
  if (after !== undefined && validity.notBefore <= after) return wrong('answer_old');
  return { ok: true, der: leaf.der, validity, serial: leaf.serial };
}

function wrong(fault: DeviceFault): LeafVerdict {
  return { ok: false, fault };
}

function readLeaf(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** Whether the subject has every part that the policy demands, and no other common name: brokers may read only the subject. */
function hasSubject({ subject }: Certificate, { udid, domain, subject: wanted }: CertificateOrder): boolean {
  const parts = wanted ?? [
    { attribute: 'CN' as const, value: udid },
    { attribute: 'O' as const, value: domain },
  ];
  try {
    const found = readName(enterDer(subject, TAG.sequence));
    const names = found.filter(({ type }) => type === ATTRIBUTE.CN);
    return (
      names.length <= 1 &&
      parts.every(({ attribute, value }) =>
        found.some(({ type, text }) => type === ATTRIBUTE[attribute] && text === value),
      )
    );
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}
