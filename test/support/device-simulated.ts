import { newDeviceState } from '../../simulator/profiles/device-state.ts';
import type { Firmware, Misbehaviour } from '../../simulator/profiles/firmware.ts';
import { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';

/** A new simulated device. The same UDID gives another key each time. */
export async function simulatedDevice(
  options: {
    readonly udid?: string;
    readonly firmware?: Partial<Firmware>;
    readonly misbehaviour?: Misbehaviour;
  } = {},
): Promise<ZephyrCredDevice> {
  const state = await newDeviceState(options.udid ?? 'mac-02a1b2c3d4e5');
  return ZephyrCredDevice.start({ ...options, state });
}
