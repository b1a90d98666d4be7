import { DeviceError, type DeviceErrorCode } from '../../src/ports/device.ts';

/** Of a visit that nobody stops. */
export const signal = () => new AbortController().signal;

/** The code of the DeviceError; anything else that is thrown is a defect, and thrown on. */
export async function codeOf(work: Promise<unknown>): Promise<DeviceErrorCode | 'no error'> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    if (error instanceof DeviceError) return error.code;
    throw error;
  }
}
