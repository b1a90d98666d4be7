import { type Bytes, concat, fromBase64, toHex, utf8 } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { type CredentialBundle, DeviceError, type InstallPart } from '../../../ports/device.ts';
import { isOneDerSequence } from '../../protocols/pem-in-noise.ts';
import type { Slot, StorageFormat } from './cred-commands.ts';

/** One way to store a slot's content, and the digest the device then states for it. */
export interface Form {
  readonly slot: Slot;
  readonly format: StorageFormat;
  readonly parts: readonly InstallPart[];
  readonly bytes: Bytes;
  /** SHA-256 of the stored bytes, lower-case hex: with `BINT` over the zero byte too. */
  readonly digest: string;
}

/**
 * The forms of each slot, best first. PEM carries leaf and chain in one credential; where the firmware's buffer is too
 * small for that, the leaf alone as DER is a third shorter and fits the default 1024 bytes, at the price of the chain:
 * `parts` says what went in, and never more. Anchors go the same way.
 */
export async function formsOf(
  bundle: CredentialBundle,
  crypto: Pick<CryptoPort, 'sha256'>,
): Promise<readonly (readonly Form[])[]> {
  const own: InstallPart[] = bundle.chainPem === '' ? ['leaf'] : ['leaf', 'chain'];
  const leafDer = derOf(bundle.leafPem);
  const anchorDer = derOf(bundle.anchorPem);
  const form = async (
    slot: Slot,
    format: StorageFormat,
    parts: readonly InstallPart[],
    bytes: Bytes,
  ): Promise<Form> => {
    const stored = format === 'BINT' ? concat(bytes, new Uint8Array(1)) : bytes;
    return { slot, format, parts, bytes, digest: toHex(await crypto.sha256(stored)) };
  };
  const leaf = [await form('SERV', 'BINT', own, utf8(bundle.leafPem + bundle.chainPem))];
  if (leafDer !== undefined) leaf.push(await form('SERV', 'BIN', ['leaf'], leafDer));
  const anchor = [await form('CA', 'BINT', ['anchor'], utf8(bundle.anchorPem))];
  if (anchorDer !== undefined) anchor.push(await form('CA', 'BIN', ['anchor'], anchorDer));
  // The anchor first: a sample waiting for both starts to connect when the second arrives, and must trust by then.
  return [anchor, leaf];
}

/** DER of a text with exactly one certificate; undefined if it has more, which DER cannot carry. */
function derOf(pem: string): Bytes | undefined {
  const blocks = pem.split('-----BEGIN CERTIFICATE-----').slice(1);
  const der = blocks.map((block) =>
    fromBase64((block.split('-----END CERTIFICATE-----')[0] ?? '').replace(/\s/g, '')),
  );
  if (blocks.length === 0 || !der.every((block) => block !== undefined && isOneDerSequence(block))) {
    throw new DeviceError('install_rejected', 'bundle is not PEM');
  }
  return der.length === 1 ? der[0] : undefined;
}
