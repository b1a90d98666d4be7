import { certificationRequest, makeDeviceKey } from './device-key.ts';
import type { DeviceMemory } from './device-state.ts';
import type { Misbehaviour } from './firmware.ts';

/** What the device shows of its key, true or as its misbehaviour has it. */
export interface KeyMaterial {
  readonly spki: Uint8Array;
  readonly csr: Uint8Array;
}

export async function keyMaterialOf(
  memory: DeviceMemory,
  commonName: string,
  misbehaviour: Misbehaviour | undefined,
): Promise<KeyMaterial> {
  const own = memory.key;
  switch (misbehaviour?.kind) {
    case 'wrong-key': {
      const { key } = await makeDeviceKey();
      return { spki: own.spki, csr: await certificationRequest(key.privateKey, key.spki, commonName) };
    }
    case 'other-device': {
      const { key } = await makeDeviceKey();
      return { spki: key.spki, csr: await certificationRequest(key.privateKey, key.spki, commonName) };
    }
    case 'broken-signature': {
      const { key } = await makeDeviceKey();
      return { spki: own.spki, csr: await certificationRequest(key.privateKey, own.spki, commonName) };
    }
    default:
      return { spki: own.spki, csr: await certificationRequest(own.privateKey, own.spki, commonName) };
  }
}
