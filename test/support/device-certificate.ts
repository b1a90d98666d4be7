import { randomBytes } from 'node:crypto';
import { concat } from '../../core/bytes.ts';
import { toPem } from '../../core/pem.ts';
import type { CredentialBundle } from '../../src/ports/device.ts';
import { pemOf } from './device-bundle.ts';
import { tlv } from './hand-made-der.ts';

/**
 * A certificate for this key, of about this many bytes, whose signature is noise: drivers read its key, and leave it to
 * others to verify it.
 */
export function certificateFor(spki: Uint8Array, bytes = 560): string {
  const empty = tlv(0x30);
  const version = tlv(0xa0, tlv(0x02, Uint8Array.of(2)));
  const serial = tlv(0x02, Uint8Array.of(1));
  const padding = new Uint8Array(randomBytes(Math.max(8, bytes - spki.length - 60)));
  const tbs = tlv(0x30, version, serial, empty, empty, empty, empty, spki, tlv(0xa3, tlv(0x04, padding)));
  return toPem('CERTIFICATE', tlv(0x30, concat(tbs, empty, tlv(0x03, Uint8Array.of(0, 1)))));
}

export function bundleWith(spki: Uint8Array, sizes: { readonly chain?: number } = {}): CredentialBundle {
  return {
    leafPem: certificateFor(spki),
    chainPem: sizes.chain === 0 ? '' : pemOf(sizes.chain ?? 560),
    anchorPem: pemOf(480),
  };
}
