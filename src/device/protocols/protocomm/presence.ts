import { DeviceError } from '../../../ports/device.ts';

/**
 * A refused proof means the label's secret is wrong: firmware answers it with an ATT error and nothing else
 * (protocomm_nimble.c gives BLE_ATT_ERR_INVALID_PDU for whatever a handler fails on).
 */
export function presenceRefusal(step: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof DeviceError && error.code === 'device_refused')
      throw new DeviceError('presence_wrong', step);
    throw error;
  };
}
