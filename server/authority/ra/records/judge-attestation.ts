import type { Registration } from '../../../../contract/registration.ts';
import { equalBytes, fromBase64Url } from '../../../../core/bytes.ts';
import { parseCoseSign1, verifyCoseSign1 } from '../../../../core/cose-sign1.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { parseCsr } from '../../../../core/csr.ts';
import { parseKeyAttestation } from '../../../../core/key-attestation.ts';

/** What an attestation's digest covers: the device's public key, or its request. */
const ABOUT_KEY = 8;
const ABOUT_REQUEST = 9;

/**
 * Judges what the device attests about the key to be bound, under one of the attestation keys that its row names
 * (nRF91 series: AT%KEYGEN's COSE_Sign1). The attestation states the device's UUID and the digest of a request that
 * the device made; the request must hold the key, and the UUID must be one of the row's names. An identity token
 * (AT%ATTESTTOKEN) covers no key, so it vouches for none.
 */
export async function judgeAttestation(
  { device }: Registration,
  keys: readonly string[],
  names: readonly string[],
  crypto: CryptoPort,
): Promise<'vouched' | 'wrong' | 'missing'> {
  const attestations = (device.attestations ?? []).filter(({ kind }) => kind === 'nordic-keygen');
  if (attestations.length === 0) return 'missing';
  for (const { text } of attestations) if (await vouches(text, device, keys, names, crypto)) return 'vouched';
  return 'wrong';
}

async function vouches(
  text: string,
  device: Registration['device'],
  keys: readonly string[],
  names: readonly string[],
  crypto: CryptoPort,
): Promise<boolean> {
  const cose = fromBase64Url(text.split('.')[1] ?? '') ?? new Uint8Array();
  const signed = parseCoseSign1(cose);
  const attestation = parseKeyAttestation(cose);
  if (signed === undefined || attestation === undefined || !names.includes(`uuid-${attestation.uuid}`))
    return false;
  const subject = attested(attestation.about, device);
  if (subject === undefined || !equalBytes(attestation.digest, await crypto.sha256(subject))) return false;
  for (const key of keys) {
    const spki = fromBase64Url(key) ?? new Uint8Array();
    if (await verifyCoseSign1(signed, spki, crypto)) return true;
  }
  return false;
}

/** The bytes that the attestation's digest must be of; undefined if there are none. */
function attested(about: number, { publicKey, csr }: Registration['device']): Uint8Array | undefined {
  const key = fromBase64Url(publicKey) ?? new Uint8Array();
  if (about === ABOUT_KEY) return key;
  if (about !== ABOUT_REQUEST) return undefined;
  const request = fromBase64Url(csr) ?? new Uint8Array();
  try {
    return equalBytes(parseCsr(request).spki, key) ? request : undefined;
  } catch {
    return undefined; // no request
  }
}
