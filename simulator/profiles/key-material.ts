import { type DeviceKey, makeDeviceKey } from './device-key.ts';
import type { DeviceMemory } from './device-state.ts';
import type { Misbehaviour } from './firmware.ts';
import { certificationRequest } from './request.ts';

/** What the device shows of its key, true or as its misbehaviour has it. */
export interface KeyMaterial {
  readonly type: DeviceKey['type'];
  readonly spki: DeviceKey['spki'];
  /** A request under the firmware's own subject. */
  readonly csr: Uint8Array;
  /** One under a subject of the asker's choice. */
  request(subject: string): Promise<Uint8Array>;
}

export async function keyMaterialOf(
  memory: DeviceMemory,
  commonName: string,
  misbehaviour: Misbehaviour | undefined,
): Promise<KeyMaterial> {
  const { signer, named, shown } = await keysShown(memory.key, misbehaviour);
  const request = (subject: string) => certificationRequest(signer, named.spki, subject);
  return { type: shown.type, spki: shown.spki, csr: await request(`CN=${commonName}`), request };
}

/** Who signs the request, whose key it names, and whose key is shown beside it. */
export async function keysShown(own: DeviceKey, misbehaviour: Misbehaviour | undefined) {
  const other = async () => (await makeDeviceKey(own.type)).key;
  switch (misbehaviour?.kind) {
    case 'wrong-key': {
      const key = await other();
      return { signer: key, named: key, shown: own };
    }
    case 'other-device': {
      const key = await other();
      return { signer: key, named: key, shown: key };
    }
    case 'broken-signature':
      return { signer: await other(), named: own, shown: own };
    default:
      return { signer: own, named: own, shown: own };
  }
}
