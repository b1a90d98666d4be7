import { parseCertificate } from '../../../../core/certificate.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { deviceName } from '../../../../core/verify-certificate.ts';
import type { Binding } from '../../../ports/bindings.ts';
import type { Certificates, StoredCertificate } from '../../../ports/certificates.ts';
import type { FeedFacts } from '../../../ports/device-feed.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';

export interface GoodCertificates {
  /** For the bound key, the newest first. */
  readonly own: readonly StoredCertificate[];
  /** The pending next key, and its certificate if that is signed already. */
  readonly pending: LineageKey | undefined;
  readonly successor: StoredCertificate | undefined;
}

/** A binding's certificates that are neither revoked nor on hold, separated by key. */
export async function goodCertificates(
  binding: string,
  { certificates, lineage }: Reads<'certificates' | 'lineage'>,
): Promise<GoodCertificates> {
  const pending = await lineage.pendingOf(binding);
  const good = (await certificates.ofBinding(binding)).filter(({ revokedAt }) => revokedAt === null);
  return {
    own: good.filter(({ serial }) => serial !== pending?.serial),
    pending,
    successor: good.find(({ serial }) => serial === pending?.serial),
  };
}

/**
 * Whether the pending key may still be shown: its certificate is good, or is about to be signed. A pending key whose
 * issuing was cut off by a crash, or whose certificate ended before it was shown, is not awaited.
 */
export async function isAwaited(
  { pending, successor }: GoodCertificates,
  now: string,
  { intents }: Reads<'intents'>,
): Promise<boolean> {
  if (pending === undefined) return false;
  if (successor !== undefined) return successor.notAfter > now;
  return (await intents.ofBinding(pending.binding))?.serial === pending.serial;
}

/**
 * The newest certificate of a binding for this key that is good or on hold, else the newest: of a move that was taken back the
 * certificate ended, and the one before it is what the device has. A certificate for another key of the binding says nothing about
 * this one.
 */
export async function newestOfKey(
  { binding, keyDigest }: { readonly binding: string; readonly keyDigest: string },
  { certificates }: { readonly certificates: Pick<Certificates, 'ofBinding'> },
  crypto: CryptoPort,
): Promise<StoredCertificate | undefined> {
  let ended: StoredCertificate | undefined;
  for (const certificate of await certificates.ofBinding(binding)) {
    const { spki } = parseCertificate(certificate.der);
    if ((await crypto.digest(spki)) !== keyDigest) continue;
    if (isKept(certificate)) return certificate;
    ended ??= certificate;
  }
  return ended;
}

/** Good, or on hold: what its device goes on with. */
export function isKept({ revokedAt, onHold }: Pick<StoredCertificate, 'revokedAt' | 'onHold'>): boolean {
  return revokedAt === null || onHold;
}

/**
 * What a device is shown by: the newest certificate for the bound key that is good or on hold, else the newest for it. That of a
 * pending key does not say how long the device can go on.
 */
export function shownCertificate(
  { id }: Pick<Binding, 'id'>,
  { certificates, pending }: Pick<FeedFacts, 'certificates' | 'pending'>,
): StoredCertificate | undefined {
  const own = (certificates.get(id) ?? []).filter(({ serial }) => !pending.has(serial));
  return own.find(isKept) ?? own[0];
}

/** Whether it names another domain than the one where its device stands; of one that cannot be read nobody knows. */
export function namesElsewhere(
  certificate: Pick<StoredCertificate, 'der'>,
  { domain }: Pick<Binding, 'domain'>,
): boolean {
  return (domainNamed(certificate) ?? domain) !== domain;
}

/** The domain that a certificate names; undefined for one that cannot be read. */
export function domainNamed({ der }: Pick<StoredCertificate, 'der'>): string | undefined {
  try {
    return deviceName(parseCertificate(der))?.domain;
  } catch {
    return undefined;
  }
}
