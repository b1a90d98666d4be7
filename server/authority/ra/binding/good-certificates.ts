import { parseCertificate } from '../../../../core/certificate.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import type { Certificates, StoredCertificate } from '../../../ports/certificates.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { LineageKey } from '../../../ports/key-lineage.ts';

export interface GoodCertificates {
  /** For the bound key, the newest first. */
  readonly own: readonly StoredCertificate[];
  /** A key that is to take its place once it is shown, and the certificate of that, if it is signed. */
  readonly pending: LineageKey | undefined;
  readonly successor: StoredCertificate | undefined;
}

/** A binding's certificates that are neither revoked nor on hold, told apart by their keys. */
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
 * Whether a key waits to be shown: its certificate is good, or is about to be signed. One that a crash left, or that nobody
 * showed as long as it was good, does not.
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

/** The newest certificate of a binding that is for this key, revoked or not: what one key may have says nothing to another. */
export async function newestOfKey(
  { binding, keyDigest }: { readonly binding: string; readonly keyDigest: string },
  { certificates }: { readonly certificates: Pick<Certificates, 'ofBinding'> },
  crypto: CryptoPort,
): Promise<StoredCertificate | undefined> {
  for (const certificate of await certificates.ofBinding(binding)) {
    const { spki } = parseCertificate(certificate.der);
    if ((await crypto.digest(spki)) === keyDigest) return certificate;
  }
  return undefined;
}
