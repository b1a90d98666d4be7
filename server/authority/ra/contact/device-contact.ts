import type { RekeyRefusal } from '../../../../contract/codes.ts';
import { equalBytes, toBase64Url } from '../../../../core/bytes.ts';
import type { Clock } from '../../../../core/clock.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { type CertificationRequest, commonNames, parseCsr, verifyCsr } from '../../../../core/csr.ts';
import { toInstant } from '../../../../core/instant.ts';
import type { Binding } from '../../../ports/bindings.ts';
import { type CertificateAuthority, SignatureDelayed } from '../../../ports/certificate-authority.ts';
import type { StoredCertificate } from '../../../ports/certificates.ts';
import { REAL_SCOPE } from '../../../ports/orgs.ts';
import type { Needs } from '../../../ports/stores.ts';
import { bindingOfKey } from '../binding/binding-of-key.ts';
import { claimedKey } from '../binding/claimed-key.ts';
import { newestOfKey } from '../binding/good-certificates.ts';
import { noteContact } from './note-contact.ts';
import { type RekeyParts, rekeyDevice } from './rekey-device.ts';
import { renewCertificate } from './renew-certificate.ts';

/** What a TLS handshake has proved: the peer can use this key now. Nothing else in the certificate is believed. */
export interface DeviceKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of the certificate that was shown, hex. */
  readonly fingerprint: string;
}

export type DeviceAnswer =
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  /** The record is undecided, or held for a person. */
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'refused'; readonly why: DeviceRefusal };

/**
 * `request_invalid`: the body is no CSR, or is not signed by its own key. `key_differs`: the handshake used another
 * key than the CSR's. `not_bound`: nothing is bound to this key. `not_current`: the certificate that was shown may
 * not be renewed. The other codes say why a re-key was refused.
 */
export type DeviceRefusal = 'request_invalid' | 'key_differs' | 'not_bound' | 'not_current' | RekeyRefusal;

export interface ContactParts {
  readonly stores: Needs<
    'bindings' | 'liveBindings' | 'certificates' | 'found' | 'lineage' | 'records' | 'list' | 'handed'
  >;
  readonly transact: RekeyParts['transact'];
  readonly ca: CertificateAuthority;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
}

/** Seconds until the device may ask again: for a held record, which waits for a person, and for an undecided one. */
const HELD = 3600;
const UNDECIDED = 5;

/**
 * EST simpleenroll: hands out the certificate of a binding that was decided. It binds nothing: a request can be
 * replayed, and even a fresh one says only whose key it is, not where the device belongs. It is idempotent: asking
 * again gives the same certificate.
 */
export async function enrolDevice(
  key: DeviceKey,
  der: Uint8Array,
  parts: ContactParts,
): Promise<DeviceAnswer> {
  const request = await readRequest(der, parts.crypto);
  if (request === undefined) return refused('request_invalid');
  if (!equalBytes(request.spki, key.spki)) return refused('key_differs');
  const answer = await handOut(request, parts);
  if (answer.kind !== 'certificate') return answer;
  // A void may have taken it back meanwhile: then nothing is handed out.
  if (!(await noteCollected(answer.certificate, parts))) return refused('not_bound');
  await noteContact(key, answer.binding, parts);
  return answer;
}

/**
 * The same for a caller that shows only a request, without a handshake. A certificate is no secret, and is of no use
 * without its key. Whoever has seen the request can ask, so it says nothing of the device: a void is still in time, and the
 * certificate still waits to be written.
 */
export async function decidedCertificate(der: Uint8Array, parts: ContactParts): Promise<DeviceAnswer> {
  const request = await readRequest(der, parts.crypto);
  return request === undefined ? refused('request_invalid') : handOut(request, parts);
}

/**
 * EST simplereenroll: the device uses a certificate that is current by our own records. A request for the same key
 * renews it, a request for another key is a re-key.
 */
export async function renewDevice(
  key: DeviceKey,
  der: Uint8Array,
  parts: ContactParts,
): Promise<DeviceAnswer> {
  const { stores, crypto } = parts;
  const request = await readRequest(der, crypto);
  if (request === undefined) return refused('request_invalid');
  const shown = await stores.certificates.byFingerprint(key.fingerprint);
  if (shown === undefined && (await waitsForBinding(await crypto.digest(key.spki), stores)))
    return { kind: 'wait', seconds: HELD };
  const before = shown && (await stores.bindings.binding(shown.binding));
  const now = toInstant(parts.clock.now());
  if (shown === undefined || before?.endedAt !== null || shown.revokedAt !== null || shown.notAfter <= now)
    return refused('not_current');
  await noteContact(key, before, parts);
  // This contact may have made the pending key the bound one.
  const binding = await stores.bindings.binding(shown.binding);
  if (binding?.keyDigest !== (await crypto.digest(key.spki))) return refused('not_current');
  try {
    if (!equalBytes(request.spki, key.spki))
      return await rekeyDevice(binding, shown, { request, der }, parts);
    const renewed = await renewCertificate(binding, shown, request.spki, parts);
    if (renewed === undefined || !(await noteCollected(renewed, parts))) return refused('not_current');
    return { kind: 'certificate', der: renewed.der };
  } catch (error) {
    if (error instanceof SignatureDelayed) return { kind: 'wait', seconds: UNDECIDED };
    throw error;
  }
}

type HandOut =
  | Exclude<DeviceAnswer, { kind: 'certificate' }>
  | {
      readonly kind: 'certificate';
      readonly der: Uint8Array;
      readonly binding: Binding;
      readonly certificate: StoredCertificate;
    };

async function handOut(request: CertificationRequest, parts: ContactParts): Promise<HandOut> {
  const binding = await bindingOfKey(request.spki, parts);
  const keyDigest = toBase64Url(await parts.crypto.sha256(request.spki));
  if (binding === undefined)
    return (await waitsForBinding(keyDigest, parts.stores))
      ? { kind: 'wait', seconds: HELD }
      : waiting(request, parts.stores);
  const certificate = await newestOfKey({ binding: binding.id, keyDigest }, parts.stores, parts.crypto);
  if (certificate === undefined) return { kind: 'wait', seconds: UNDECIDED };
  if (certificate.revokedAt !== null) return refused('not_bound');
  return { kind: 'certificate', der: certificate.der, binding, certificate };
}

/** Notes that the device, which proved its key in the handshake, has its certificate, so that no void takes that back any more. False if it was revoked. */
async function noteCollected(
  certificate: StoredCertificate,
  { stores, transact, clock }: ContactParts,
): Promise<boolean> {
  if (await stores.handed.isHanded(certificate.serial)) return true;
  return transact(async (tx) => {
    if ((await tx.certificates.byFingerprint(certificate.fingerprint))?.revokedAt !== null) return false;
    await tx.handed.hand(certificate, 'collected', toInstant(clock.now()));
    return true;
  });
}

/**
 * Whether a good certificate of this key came back after the database was put back to a copy, and its record has not yet: the
 * device goes on with what it has.
 */
async function waitsForBinding(keyDigest: string, { found }: Needs<'found'>): Promise<boolean> {
  if (!(await found.anyWaits())) return false;
  const known = await found.ofDevice('', keyDigest);
  return known.some(({ der, revoked }) => der !== null && revoked === null);
}

/**
 * Whether a record of a device with this key is waiting. Such records are found by the key's list row, or by the name
 * in the request.
 */
async function waiting(
  request: CertificationRequest,
  { records, list }: Needs<'records' | 'list'>,
): Promise<Exclude<DeviceAnswer, { kind: 'certificate' }>> {
  const key = toBase64Url(request.spki);
  const udids = new Set((await list.byKey(REAL_SCOPE, key)).map(({ udid }) => udid));
  for (const name of commonNames(request)) if (udids.size < 8) udids.add(name);
  for (const udid of udids) {
    const mine = (await records.waitingOf(udid)).filter(({ payload }) => claimedKey(payload) === key);
    if (mine.some(({ outcome }) => outcome === null)) return { kind: 'wait', seconds: UNDECIDED };
    if (mine.length > 0) return { kind: 'wait', seconds: HELD };
  }
  return refused('not_bound');
}

async function readRequest(der: Uint8Array, crypto: CryptoPort): Promise<CertificationRequest | undefined> {
  try {
    const request = parseCsr(der);
    return (await verifyCsr(request, crypto)) === 'valid' ? request : undefined;
  } catch {
    return undefined;
  }
}

function refused(why: DeviceRefusal): { readonly kind: 'refused'; readonly why: DeviceRefusal } {
  return { kind: 'refused', why };
}
