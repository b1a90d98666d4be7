import { randomBytes } from 'node:crypto';
import type { CredentialBundle } from '../../src/ports/device.ts';

/** A PEM certificate of this many DER bytes: whole DER to a driver, which does not judge what it writes. */
export function pemOf(bytes: number): string {
  const body = bytes - 4;
  const der = Buffer.concat([Buffer.from([0x30, 0x82, body >> 8, body & 255]), randomBytes(body)]);
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** About what our CA makes: a leaf of 640 bytes under one intermediate. */
export function bundleOf(sizes: { leaf?: number; chain?: number; anchor?: number } = {}): CredentialBundle {
  return {
    leafPem: pemOf(sizes.leaf ?? 640),
    chainPem: sizes.chain === 0 ? '' : pemOf(sizes.chain ?? 560),
    anchorPem: pemOf(sizes.anchor ?? 480),
  };
}
