import { type Bytes, utf8 } from '../../../../core/bytes.ts';
import { keyOfCertificate } from '../../../../core/certificate-key.ts';
import { DerError } from '../../../../core/der.ts';
import { fromPem } from '../../../../core/pem.ts';
import { type CredentialBundle, DeviceError, type InstallPart } from '../../../ports/device.ts';

/** Under the 3072 bytes that the firmware's buffer holds; it checks no offset against its end. */
const LONGEST_JSON = 2_999;

/** What goes into the device, and what it will store of it. */
export interface ClaimCertificate {
  readonly parts: readonly InstallPart[];
  /** The JSON of Verify. */
  readonly json: Bytes;
  /** The PEM text as the firmware stores it. */
  readonly pem: Bytes;
  /** SubjectPublicKeyInfo of the leaf, DER. */
  readonly publicKey: Bytes;
}

/**
 * The leaf, with its chain if that is at most one certificate and the whole fits; else the leaf alone, and `parts` says so.
 * The firmware has no place for an anchor: what it trusts is built in.
 */
export function claimCertificate(bundle: CredentialBundle): ClaimCertificate {
  const [leaf, ...more] = fromPem('CERTIFICATE', bundle.leafPem);
  if (leaf === undefined || more.length > 0) throw new DeviceError('install_rejected', 'bundle is not PEM');
  const publicKey = keyIn(leaf);
  const forms: (readonly [readonly InstallPart[], string])[] = [[['leaf'], bundle.leafPem]];
  if (fromPem('CERTIFICATE', bundle.chainPem).length === 1)
    forms.unshift([['leaf', 'chain'], bundle.leafPem + bundle.chainPem]);
  for (const [parts, text] of forms) {
    // JSON writes line feeds as `\n`, which is how the firmware wants them (unescape_new_line).
    const json = utf8(JSON.stringify({ certificate: text }));
    if (json.length <= LONGEST_JSON) return { parts, json, pem: utf8(text), publicKey };
  }
  throw new DeviceError('storage_full', 'claim buffer');
}

function keyIn(certificate: Uint8Array): Bytes {
  try {
    return keyOfCertificate(certificate);
  } catch (cause) {
    if (cause instanceof DerError)
      throw new DeviceError('install_rejected', 'bundle is no certificate', { cause });
    throw cause;
  }
}
