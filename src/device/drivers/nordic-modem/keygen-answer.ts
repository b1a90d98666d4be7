import { type Bytes, equalBytes, fromBase64Url } from '../../../../core/bytes.ts';
import type { CryptoPort } from '../../../../core/crypto.ts';
import { type CertificationRequest, parseCsr } from '../../../../core/csr.ts';
import { type KeyAttestation, parseKeyAttestation } from '../../../../core/key-attestation.ts';
import { DeviceError } from '../../../ports/device.ts';

/** `%KEYGEN: "<base64url CSR>.<base64url COSE_Sign1>"`; a CSR of a P-256 key has some 300 bytes. */
const ANSWER = /%KEYGEN: ?"([A-Za-z0-9_-]{40,2048})\.([A-Za-z0-9_-]{40,2048})"/;
const ABOUT_REQUEST = 9;

export interface MadeKey {
  readonly csr: Bytes;
  readonly request: CertificationRequest;
  readonly attestation: KeyAttestation;
  /** As the modem wrote it, for whoever can verify its signature. */
  readonly text: string;
}

/**
 * Reads the answer to AT%KEYGEN=<tag>,2,0. The modem's identity key signed the request's digest: a request with another
 * one was changed on its way here, and that is `attestation_mismatch`, never to be passed over.
 */
export async function readKeygen(
  text: string,
  secTag: number,
  crypto: Pick<CryptoPort, 'sha256'>,
): Promise<MadeKey> {
  const [, first = '', second = ''] = ANSWER.exec(text) ?? [];
  const csr = fromBase64Url(first);
  const cose = fromBase64Url(second);
  const request = csr === undefined ? undefined : readRequest(csr);
  const attestation = cose === undefined ? undefined : parseKeyAttestation(cose);
  if (csr === undefined || request === undefined || attestation === undefined)
    throw new DeviceError('device_garbage', '%KEYGEN');
  if (!equalBytes(attestation.digest, await crypto.sha256(csr)))
    throw new DeviceError('attestation_mismatch', '%KEYGEN digest');
  if (attestation.about !== ABOUT_REQUEST || attestation.secTag !== secTag)
    throw new DeviceError('attestation_mismatch', '%KEYGEN tag');
  return { csr, request, attestation, text: `${first}.${second}` };
}

function readRequest(csr: Uint8Array): CertificationRequest | undefined {
  try {
    return parseCsr(csr);
  } catch {
    return undefined; // said as device_garbage
  }
}
