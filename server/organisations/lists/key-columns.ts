import { X509Certificate } from 'node:crypto';
import type { ListRow } from '../../../contract/list-row.ts';
import { concat, fromBase64, fromBase64Url, fromHex, toBase64Url } from '../../../core/bytes.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import { P256_PREFIX } from '../../../core/p256-prefix.ts';
import { fromPem } from '../../../core/pem.ts';

type Voucher = NonNullable<ListRow['voucher']>;

/** SubjectPublicKeyInfo of a key as base64 or base64url DER, PEM, or the bare uncompressed point of a P-256 key. */
export function readKey(text: string): Uint8Array | undefined {
  if (text.startsWith('-----BEGIN')) return fromPem('PUBLIC KEY', text)[0];
  const bytes = (/^04[0-9a-fA-F]{128}$/.test(text) ? fromHex(text) : undefined) ?? decoded(text);
  return bytes?.length === 65 && bytes[0] === 4 ? concat(P256_PREFIX, bytes) : bytes;
}

function decoded(text: string): Uint8Array | undefined {
  return fromBase64(text) ?? fromBase64Url(text);
}

/** The key of a certificate in PEM, or in DER as base64. */
export function keyOfCertificate(text: string): Uint8Array | undefined {
  try {
    const der = text.startsWith('-----BEGIN') ? text : Buffer.from(decoded(text) ?? []);
    const { publicKey } = new X509Certificate(der);
    return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  } catch {
    return undefined; // no certificate, or with a key that this runtime does not know
  }
}

/** SHA-256 as base64url; undefined if the text is no such digest. OpenSSL writes hex with colons. */
function readDigest(text: string): string | undefined {
  const hex = text.replaceAll(':', '').toLowerCase();
  const bytes = hex.length === 64 ? fromHex(hex) : fromBase64Url(text);
  return bytes?.length === 32 ? toBase64Url(bytes) : undefined;
}

/** Reads a voucher from its columns; undefined if all of them are empty. */
export async function readVoucher(
  text: (column: string) => string | undefined,
  crypto: Pick<CryptoPort, 'digest'>,
): Promise<Voucher | undefined | { readonly wrong: string }> {
  let voucher: Voucher = {};
  for (const name of ['ca', 'certificate', 'key'] as const) {
    const column = text(`voucher_${name}`);
    if (column === undefined) continue;
    const digest = readDigest(column);
    if (digest === undefined) return { wrong: 'not a SHA-256, in hexadecimal or base64url' };
    voucher = { ...voucher, [name]: digest };
  }
  const attests = text('attestation_key');
  if (attests !== undefined) {
    const keys = attests.split(';').map((one) => readKey(one.trim()));
    if (keys.length > 2 || keys.includes(undefined)) return { wrong: 'not one attestation key, or two' };
    voucher = { ...voucher, attestation: keys.map((key) => toBase64Url(key ?? new Uint8Array())) };
  }
  const tpm = text('tpm_ek');
  if (tpm !== undefined) {
    const digest = readDigest(tpm) ?? (await endorsementDigest(tpm, crypto));
    if (digest === undefined) return { wrong: 'neither an endorsement key or certificate, nor its SHA-256' };
    voucher = { ...voucher, tpm: digest };
  }
  return Object.keys(voucher).length === 0 ? undefined : voucher;
}

/** Digest of a TPM's endorsement key, given as the key or as its certificate. */
async function endorsementDigest(
  text: string,
  crypto: Pick<CryptoPort, 'digest'>,
): Promise<string | undefined> {
  const key = keyOfCertificate(text) ?? readKey(text);
  return key === undefined ? undefined : await crypto.digest(key);
}
