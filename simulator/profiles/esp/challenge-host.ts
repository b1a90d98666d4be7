import type { DeviceMemory } from '../device-state.ts';
import type { EspFirmware } from './firmware.ts';
import { inner, parseProto, writeProto } from './proto-lite.ts';

/** `ch_resp`: signs what it is given, with ECDSA as DER or RSA-PSS, over SHA-256. A command it does not serve fails the request. */
export async function handleChallenge(
  request: Uint8Array,
  memory: DeviceMemory,
  firmware: EspFirmware,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const command = parseProto(request);
  const challenge = inner(command, 10)?.blobs.get(1);
  if ((command?.numbers.get(1) ?? 0) !== 0 || challenge === undefined || challenge.length === 0)
    return undefined;
  if (firmware.challenge === 'disabled') return writeProto([1, 1], [2, 3]);
  const signature = await memory.key.signChallenge(challenge);
  const nodeId = memory.get(0, 'node_id') ?? new TextEncoder().encode(memory.udid);
  return writeProto([1, 1], [11, writeProto([1, signature], [2, nodeId])]);
}
