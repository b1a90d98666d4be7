import { X509Certificate } from 'node:crypto';
import type { ListRow } from '../../../../contract/list-row.ts';
import type { Registration } from '../../../../contract/registration.ts';
import { equalBytes, fromBase64Url, fromHex, toBase64Url } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import type { Reads } from '../../../ports/group-stores.ts';
import { knownNames } from '../binding/known-names.ts';
import { judgeAttestation } from './judge-attestation.ts';

/** Longest chain: leaf, intermediates and the maker's CA. No maker was seen to use more. */
const MOST = 5;

/**
 * `missing`: nothing was shown that could be checked, or the row names nothing. `wrong`: what was shown is for
 * another key or device.
 */
export type VoucherVerdict = 'vouched' | 'wrong' | 'missing';

/**
 * Judges what a row's voucher says about the key to be bound. Everything that the row names must vouch for the key:
 * the digest of the key itself; the maker's certificate of the device; an attestation by the device under a key of
 * the row; its TPM.
 */
export async function judgeVoucher(
  registration: Registration,
  row: ListRow | undefined,
  stores: Reads<'tpms'>,
  crypto: CryptoPort,
): Promise<VoucherVerdict> {
  const voucher = row?.voucher;
  if (row?.anchor !== 'voucher' || voucher === undefined) return 'missing';
  const key = fromBase64Url(registration.device.publicKey) ?? new Uint8Array();
  const names = [registration.udid, ...knownNames(registration.udid, row)];
  const digest = await crypto.digest(key);
  const verdicts: VoucherVerdict[] = [];
  if (voucher.key !== undefined) verdicts.push(voucher.key === digest ? 'vouched' : 'wrong');
  if (voucher.ca !== undefined || voucher.certificate !== undefined)
    verdicts.push(judgeCertificates(registration, voucher, key, names));
  if (voucher.attestation !== undefined)
    verdicts.push(await judgeAttestation(registration, voucher.attestation, names, crypto));
  // A TPM vouches for the very key that was shown when its credential was activated (authority/tpm/activation.ts);
  // another key of the same TPM is not shown yet.
  if (voucher.tpm !== undefined)
    verdicts.push((await stores.tpms.hasKey(voucher.tpm, digest)) ? 'vouched' : 'missing');
  if (verdicts.includes('wrong')) return 'wrong';
  return verdicts.length === 0 || verdicts.includes('missing') ? 'missing' : 'vouched';
}

/**
 * Judges the maker's own certificate of the device (IDevID, IEEE 802.1AR). Its chain must lead to the CA that the row
 * names, or it must be the very certificate that the row names; it must be for this key; and its subject must name
 * this device. A certificate is no secret, so it vouches only for its own key, never for another key. Its dates are
 * not checked: such certificates are issued once, for a device's life.
 */
function judgeCertificates(
  { device }: Registration,
  voucher: NonNullable<ListRow['voucher']>,
  key: Uint8Array,
  names: readonly string[],
): VoucherVerdict {
  const attestations = (device.attestations ?? []).filter(({ kind }) => kind === 'idevid');
  if (attestations.length === 0) return 'missing';
  const good = attestations.some(({ text }) => {
    const chain = readChain(text);
    const [leaf] = chain ?? [];
    if (chain === undefined || leaf === undefined) return false;
    if (!equalBytes(leaf.publicKey.export({ type: 'spki', format: 'der' }), key)) return false;
    if (!subjectNames(leaf).some((name) => names.includes(name))) return false;
    if (voucher.certificate !== undefined && thumbprint(leaf) !== voucher.certificate) return false;
    return voucher.ca === undefined || leadsTo(voucher.ca, chain);
  });
  return good ? 'vouched' : 'wrong';
}

/** Whether each certificate is signed by the next, up to the one with this thumbprint, and every one above the leaf is a CA's. */
function leadsTo(ca: string, chain: readonly X509Certificate[]): boolean {
  for (const [index, certificate] of chain.entries()) {
    if (index > 0 && !certificate.ca) return false;
    if (index > 0 && thumbprint(certificate) === ca) return true;
    const issuer = chain[index + 1];
    if (issuer === undefined) return false;
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false;
  }
  return false;
}

function readChain(text: string): X509Certificate[] | undefined {
  const parts = text.split('.');
  if (parts.length > MOST) return undefined;
  try {
    return parts.map((part) => new X509Certificate(fromBase64Url(part) ?? new Uint8Array()));
  } catch {
    return undefined; // not certificates, or with keys that this runtime does not know
  }
}

function thumbprint({ fingerprint256 }: X509Certificate): string {
  return toBase64Url(fromHex(fingerprint256.replaceAll(':', '').toLowerCase()) ?? new Uint8Array());
}

/** Serial number (802.1AR section 8.6) and common name. Node.js escapes control characters, so each line is one attribute. */
function subjectNames({ subject }: X509Certificate): string[] {
  return subject.split('\n').flatMap((line) => /^(?:serialNumber|CN)=(.*)$/.exec(line)?.[1] ?? []);
}
