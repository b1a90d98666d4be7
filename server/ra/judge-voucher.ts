import { X509Certificate } from 'node:crypto';
import type { ListRow } from '../../contract/list-row.ts';
import type { Registration } from '../../contract/registration.ts';
import { equalBytes, fromBase64Url, fromHex, toBase64Url } from '../../core/bytes.ts';
import { knownNames } from './known-names.ts';

/** Leaf, intermediates and the maker's CA: more than any maker was seen to use. */
const MOST = 5;

/**
 * What the maker's own certificate of the device (IDevID, IEEE 802.1AR) says of the key to be bound. `vouched`: its chain
 * leads to the CA, or it is the very certificate, that the row names; it was made for this key; and its subject names
 * this device. A certificate is no secret, so it vouches for its own key only, never for another one beside it. `missing`:
 * none was given, or the row names none. Its dates are not looked at: such certificates are made once, for a device's life.
 */
export function judgeVoucher(
  { device, udid }: Registration,
  row: ListRow | undefined,
): 'vouched' | 'wrong' | 'missing' {
  const given = (device.attestations ?? []).filter(({ kind }) => kind === 'idevid');
  const voucher = row?.voucher;
  if (row?.anchor !== 'voucher' || voucher === undefined || given.length === 0) return 'missing';
  const key = fromBase64Url(device.publicKey) ?? new Uint8Array();
  const names = [udid, ...knownNames(udid, row)];
  const good = given.some(({ text }) => {
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

/** Each certificate signed by the next, up to the one with this thumbprint; every one above the leaf is a CA's. */
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

/** Serial number (802.1AR section 8.6) and common name. Control characters come escaped, so a line is one attribute. */
function subjectNames({ subject }: X509Certificate): string[] {
  return subject.split('\n').flatMap((line) => /^(?:serialNumber|CN)=(.*)$/.exec(line)?.[1] ?? []);
}
