import { type Bytes, fromUtf8 } from '../../../../core/bytes.ts';
import { parseSpki } from '../../../../core/spki.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { ProtocommClient } from '../../protocols/protocomm/client.ts';
import type { ProtocommCrypto } from '../../protocols/protocomm/crypto.ts';
import { protoBytes, readProto } from '../../protocols/protocomm/protobuf.ts';

export const CHALLENGE_ENDPOINT = 'ch_resp';
/** What the firmware allows for RSA-2048's signature. */
const LARGEST_SIGNATURE = 256;

export interface ChallengeAnswer {
  readonly challenge: Uint8Array;
  readonly signature: Bytes;
  readonly nodeId: string | undefined;
}

/**
 * The device's signature over a challenge of ours (esp_rmaker_chal_resp.proto): `{ msg = 1; status = 2; cmd = 10; resp = 11 }`.
 * Undefined where this was turned off on the device (status 3) or fails there: an ATT error says no more than that.
 */
export async function challenge(
  client: ProtocommClient,
  ours: Uint8Array,
  signal: AbortSignal,
): Promise<ChallengeAnswer | undefined> {
  const request = protoBytes([10, protoBytes([1, ours])]);
  const answer = await client.call(CHALLENGE_ENDPOINT, request, signal).catch((error: unknown) => {
    if (error instanceof DeviceError && error.code === 'device_refused') return undefined;
    throw error;
  });
  if (answer === undefined) return undefined;
  const message = readProto(answer);
  if (message?.int(1) !== 1) throw new DeviceError('device_garbage', 'ch_resp');
  if (message.int(2) !== 0) return undefined;
  const body = message.message(11);
  const signature = body?.bytes(1);
  if (body === undefined || signature === undefined || signature.length > LARGEST_SIGNATURE)
    throw new DeviceError('device_garbage', 'ch_resp');
  const name = fromUtf8(body.bytes(2) ?? new Uint8Array(0));
  const nodeId = name !== undefined && /^[\w.:-]{1,64}$/.test(name) ? name : undefined;
  return { challenge: ours, signature, nodeId };
}

/** Whether the answer is signed by this key: ECDSA, or RSA-PSS, each over SHA-256 (esp_rmaker_node_auth.c). */
export async function isSignedBy(
  spki: Uint8Array,
  answer: ChallengeAnswer,
  crypto: Pick<ProtocommCrypto, 'verify'>,
): Promise<boolean> {
  const type = keyType(spki);
  if (type !== 'P-256' && type !== 'RSA') return false;
  const kind = type === 'RSA' ? 'rsa-pss' : 'ecdsa-p256';
  return crypto.verify(kind, spki, answer.signature, answer.challenge);
}

function keyType(spki: Uint8Array): string | undefined {
  try {
    return parseSpki(spki).type;
  } catch {
    return undefined; // no key that anything could be signed with
  }
}
