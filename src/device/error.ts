import { DeviceError, type DeviceErrorCode } from '../ports/device.ts';

/**
 * What a browser's device API threw, as a DeviceError: the one place where DOM exceptions are read. Names alone do not
 * tell a dropped Bluetooth link from a refusal (both are NetworkError or NotSupportedError), so the caller says what
 * an unknown name means at its step.
 */
export function fromPlatform(error: unknown, step: string, otherwise: DeviceErrorCode): DeviceError {
  if (error instanceof DeviceError) return error;
  // Anything else is a defect of ours and must show as one.
  if (!(error instanceof DOMException)) throw error;
  return new DeviceError(CODES.get(error.name) ?? otherwise, step, { cause: error });
}

/** As `fromPlatform`, once a device was chosen: what is not found then was pulled out meanwhile (WebUSB, `open`). */
export function fromChosen(error: unknown, step: string, otherwise: DeviceErrorCode): DeviceError {
  if (error instanceof DOMException && error.name === 'NotFoundError')
    return new DeviceError('link_lost', step, { cause: error });
  return fromPlatform(error, step, otherwise);
}

const CODES = new Map<string, DeviceErrorCode>([
  ['AbortError', 'aborted'],
  // The chooser was closed, or nothing matched.
  ['NotFoundError', 'no_device_chosen'],
  // No gesture, or a permissions policy.
  ['SecurityError', 'link_refused'],
  ['NotAllowedError', 'link_refused'],
]);
