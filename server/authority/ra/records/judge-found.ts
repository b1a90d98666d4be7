import { fromInstant } from '../../../../core/instant.ts';
import type { FoundCertificate } from '../../../ports/found-certificates.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import type { StoredRecord } from '../../../ports/records.ts';

/** A certificate that our CA signed before the database was put back to a copy, with what it is. */
export type IssuedBefore = FoundCertificate & { readonly der: Uint8Array; readonly fingerprint: string };

export type Before =
  | { readonly kind: 'nothing' }
  /** For exactly this device, key and domain: it was decided then, and nothing is issued a second time. */
  | { readonly kind: 'issued'; readonly certificate: IssuedBefore }
  | { readonly kind: 'doubtful'; readonly code: 'revoked_before' | 'certified_before' };

interface Asked {
  readonly udid: string;
  readonly domain: string;
  readonly keyDigest: string;
}

/** What certificates that came back say of a device that is to be bound (docs/operations.md, Backup). */
export async function judgeFound(
  { udid, domain, keyDigest }: Asked,
  { receivedAt }: Pick<StoredRecord, 'receivedAt'>,
  { found }: Reads<'found'>,
): Promise<Before> {
  if (!(await found.anyWaits())) return { kind: 'nothing' };
  const now = fromInstant(receivedAt);
  const known = (await found.ofDevice(udid, keyDigest)).filter(
    (one): one is IssuedBefore =>
      one.der !== null && one.fingerprint !== null && fromInstant(one.notAfter) > now,
  );
  const same = (one: IssuedBefore) =>
    one.udid === udid && one.domain === domain && one.keyDigest === keyDigest;
  const good = known.filter(({ revoked }) => revoked === null);
  const [certificate] = good.filter(same);
  if (good.length > 0 && !good.every(same)) return { kind: 'doubtful', code: 'certified_before' };
  if (certificate !== undefined) return { kind: 'issued', certificate };
  // Superseded ones say nothing against the device: another certificate was in use.
  const ended = known.filter(({ revoked }) => revoked?.reason !== 'superseded');
  return ended.length > 0 ? { kind: 'doubtful', code: 'revoked_before' } : { kind: 'nothing' };
}
