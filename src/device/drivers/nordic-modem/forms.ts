import { toHex, utf8 } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { type CredentialBundle, DeviceError, type InstallPart } from '../../../ports/device.ts';
import type { CertificateType } from './modem.ts';

/** One text for one slot, and the digest the modem then states for it. */
export interface Form {
  readonly type: CertificateType;
  readonly parts: readonly InstallPart[];
  readonly text: string;
  readonly digest: string;
}

/** A PEM text holds no quote, which would end the command's argument, and no control character but line feeds. */
const PEM =
  /^(?:-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{1,76}\n){1,200}-----END CERTIFICATE-----\n){1,8}$/;
const AROUND = 'AT%CMNG=0,2147483647,1,""'.length;

/**
 * Each slot's texts, best first: the leaf with its chain, or, where that is longer than the line takes, alone. `parts`
 * says what went in. The anchor comes first, as a device that connects must trust by then. `storage_full` if nothing fits.
 *
 * @param longest command, in characters as they are sent
 */
export async function formsOf(
  bundle: CredentialBundle,
  longest: number,
  crypto: Pick<CryptoPort, 'sha256'>,
): Promise<readonly (readonly Form[])[]> {
  const form = async (type: CertificateType, parts: readonly InstallPart[], text: string): Promise<Form> => {
    if (!PEM.test(text)) throw new DeviceError('install_rejected', 'bundle is not PEM');
    return { type, parts, text, digest: toHex(await crypto.sha256(utf8(text))) };
  };
  const leaf = [await form(1, ['leaf'], bundle.leafPem)];
  if (bundle.chainPem !== '')
    leaf.unshift(await form(1, ['leaf', 'chain'], bundle.leafPem + bundle.chainPem));
  const slots = [[await form(0, ['anchor'], bundle.anchorPem)], leaf].map((forms) =>
    // Through a shell each line feed takes two characters, so all are counted twice.
    forms.filter(({ text }) => AROUND + text.length + text.split('\n').length <= longest),
  );
  if (slots.some((forms) => forms.length === 0)) throw new DeviceError('storage_full', 'AT line');
  return slots;
}
