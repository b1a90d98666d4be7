import { type Bytes, concat, equalBytes, fromBase64, fromHex } from '../../../../core/bytes.ts';
import { DeviceError, type DeviceEvidence } from '../../../ports/device.ts';
import { isOneDerSequence } from '../../protocols/pem-in-noise.ts';
import type { Shell } from '../../protocols/shell.ts';

/** SubjectPublicKeyInfo of a P-256 key up to its point (RFC 5480 section 2): 26 bytes, then 65 of SEC1. */
const P256_SPKI = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);

/** Whether the shell has `nrf_cloud_cred` (nRF Connect SDK, nrf_cloud_credentials_shell.c). Asks, and changes nothing. */
export async function hasNrfCloudCred(shell: Shell, signal: AbortSignal): Promise<boolean> {
  const output = await shell.run('nrf_cloud_cred', signal);
  return output.trim() !== '' && !/command not found/.test(output);
}

/**
 * Key and request from `nrf_cloud_cred csr` and `pubkey`, which answer whenever asked, over SMP too. The end marks
 * show whether the output came whole: a CSR is longer than SMP's default shell buffer.
 */
export async function nrfEvidence(
  shell: Shell,
  tag: number | undefined,
  signal: AbortSignal,
): Promise<DeviceEvidence> {
  const argument = tag === undefined ? '' : ` ${tag}`;
  const csrText = await shell.run(`nrf_cloud_cred csr${argument}`, signal);
  // -2 is ENOENT: no key in this tag.
  if (/CSR generation failed: -2\b/.test(csrText)) throw new DeviceError('no_key', 'nrf_cloud_cred csr');
  if (/failed|Invalid sec tag/.test(csrText)) throw new DeviceError('device_refused', 'nrf_cloud_cred csr');
  if (!/CSR generation complete/.test(csrText))
    throw new DeviceError('evidence_needs_cable', 'nrf_cloud_cred csr');
  const csr = base64After(csrText, 'CSR');
  if (csr === undefined || !isOneDerSequence(csr))
    throw new DeviceError('device_garbage', 'nrf_cloud_cred csr');

  const keyText = await shell.run(`nrf_cloud_cred pubkey${argument}`, signal);
  const point = /Public key export complete/.test(keyText) ? base64After(keyText, 'PUBKEY') : undefined;
  // `pubkey` is a build option (CONFIG_NRF_CLOUD_CREDENTIALS_KEYGEN_VERIFY). Without it the request names the key.
  const publicKey = point?.length === 65 ? concat(P256_SPKI, point) : p256KeyIn(csr);
  if (publicKey === undefined) throw new DeviceError('device_garbage', 'nrf_cloud_cred pubkey');
  return { publicKey, csr, possession: 'static' };
}

function base64After(text: string, word: string): Bytes | undefined {
  const found = new RegExp(`(?:^|\\n)${word}: ([A-Za-z0-9+/]{4,4096}={0,2})\\r?(?:\\n|$)`).exec(text)?.[1];
  return found === undefined ? undefined : fromBase64(found);
}

function p256KeyIn(csr: Uint8Array): Bytes | undefined {
  const size = P256_SPKI.length + 65;
  for (let at = 0; at + size <= csr.length; at++) {
    if (equalBytes(csr.subarray(at, at + P256_SPKI.length), P256_SPKI))
      return csr.slice(at, at + size) as Bytes;
  }
  return undefined;
}
