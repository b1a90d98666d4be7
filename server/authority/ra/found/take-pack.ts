import type { WorkPack } from '../../../../contract/work-pack.ts';
import { fromBase64Url } from '../../../../core/bytes.ts';
import { type CrlEntry, parseCrl, type RevocationList } from '../../../../core/crl.ts';
import { DerError } from '../../../../core/der.ts';
import { toInstant } from '../../../../core/instant.ts';
import { REASON, REVOCATION_REASONS } from '../../../ports/certificate-authority.ts';
import type { IssuerName } from '../../../ports/issuer-name.ts';
import type { Needs, Transact } from '../../../ports/stores.ts';
import { audit } from '../../../trail/chain.ts';
import { STEPS } from '../../../trail/steps.ts';
import { holdBinding } from './hold-binding.ts';
import { issuerOf } from './read-certificate.ts';
import type { FoundParts, FoundStores } from './take-certificates.ts';

export type PackParts = Omit<FoundParts, 'transact'> & {
  readonly transact: Transact<FoundStores | 'tombstones'>;
};

/**
 * Takes from a work pack of ours, whose signature was verified, what takes rights away: its tombstones, and the entries of
 * its CRL. A pack from before a copy, or of the time since, says nothing new. What a person lifted since stays lifted: each
 * tombstone and each entry is taken up once. Returns how many devices were put on hold.
 */
export async function takePack(pack: WorkPack, by: string, parts: PackParts): Promise<number> {
  const { transact, lists, clock, crypto, stores } = parts;
  const crl = readCrl(fromBase64Url(pack.crl));
  const issuer = crl && (await issuerOf(crl, stores, crypto))?.name;
  const at = toInstant(clock.now());
  // Looked up before the transaction, for which all others wait: a list is long, and most of it is known.
  const news: (readonly [string, CrlEntry])[] = [];
  for (const [short, entry] of crl?.entries ?? []) {
    const serial = short.padStart(32, '0');
    if (await isNews(serial, stores)) news.push([serial, entry]);
  }
  const holds = new Set<string>();
  const issuers = await transact(async (tx) => {
    if ((await tx.eras.lostBy(pack.issuedAt)) === undefined) return [];
    const buried = await tx.tombstones.neverBuried(pack.tombstones);
    for (const digest of buried) await tx.tombstones.bury({ digest, reason: 'put back', at, by: 'server' });
    const outdated: IssuerName[] = [];
    if (issuer !== undefined)
      for (const [serial, entry] of news)
        outdated.push(...(await takeEntry({ ...entry, serial, issuer }, { at, by }, holds, tx)));
    if (buried.length > 0 || outdated.length > 0)
      await audit(tx.audit, {
        at,
        step: STEPS.admin,
        event: 'revocations found again',
        actor: by,
        org: pack.org,
        subject: pack.org,
        detail: `${buried.length} tombstones, ${holds.size} devices on hold, of a pack of ${pack.issuedAt}`,
      });
    return outdated;
  });
  await lists.publish(issuers);
  return holds.size;
}

/** Whether an entry of this serial may say something that is not known. */
async function isNews(
  serial: string,
  { found, certificateStates }: Needs<'found' | 'certificateStates'>,
): Promise<boolean> {
  const before = await found.bySerial(serial);
  // Seen on a list before: a person may have lifted it since, and an old list must not undo that.
  if (before !== undefined) return before.der !== null && before.revoked === null;
  return (await certificateStates.status(serial))?.revoked === undefined;
}

async function takeEntry(
  { serial, issuer, onHold, reason }: CrlEntry & { readonly serial: string; readonly issuer: IssuerName },
  { at, by }: { readonly at: string; readonly by: string },
  holds: Set<string>,
  tx: Needs<FoundStores>,
): Promise<readonly IssuerName[]> {
  if (!(await isNews(serial, tx))) return [];
  const before = await tx.found.bySerial(serial);
  const status = before === undefined ? await tx.certificateStates.status(serial) : undefined;
  const final = REVOCATION_REASONS.find((name) => REASON[name] === reason) ?? 'unspecified';
  const blank = { der: null, fingerprint: null, udid: null, domain: null, keyDigest: null };
  // Nobody knows when it ends: it stays on the list for as long as its CA may say anything.
  const unknown = { ...blank, notBefore: at, notAfter: '9999-12-31T23:59:59.999Z' };
  const mark = { serial, issuer, foundAt: at, foundBy: by };
  if (status === undefined) {
    const revoked = { at, reason: onHold ? ('certificateHold' as const) : final };
    await tx.found.keep({ ...(before ?? unknown), ...mark, revoked });
    return [issuer];
  }
  // Its successor was in use: the binding itself is not in question.
  if (final === 'superseded') return tx.revocations.revoke(serial, at, final);
  const certificate = await tx.certificates.bySerial(serial);
  const binding = certificate && (await tx.bindings.binding(certificate.binding));
  if (binding === undefined || binding.endedAt !== null) return tx.revocations.revoke(serial, at, final);
  await tx.found.keep({ ...unknown, ...mark, revoked: null });
  holds.add(binding.id);
  return holdBinding(binding, at, tx);
}

function readCrl(der: Uint8Array | undefined): RevocationList | undefined {
  try {
    return der && parseCrl(der);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
