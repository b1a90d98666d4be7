import { checkIdentity } from '../../core/evidence.ts';
import { isUdid } from '../../core/udid.ts';
import type { ReadLabel } from '../flow/install.ts';
import type { DeviceIdentity } from '../ports/device.ts';

/** The device at hand is not the label's, or nothing ties the two together. Nothing was done to it. */
export class WrongDeviceError extends Error {
  override readonly name = 'WrongDeviceError';
  readonly code: 'identity_mismatch' | 'label_not_tied';

  constructor(code: WrongDeviceError['code']) {
    super(code);
    this.code = code;
  }
}

/** Why this device must not be touched under this label; undefined if it may. */
export function wrongDevice(
  label: Pick<ReadLabel, 'udid' | 'aliases' | 'row'>,
  identity: DeviceIdentity,
): WrongDeviceError['code'] | undefined {
  if (label.udid === undefined) return isTied(identity) ? undefined : 'label_not_tied';
  const known = [...label.aliases, ...(label.row?.aliases ?? [])];
  const { result } = checkIdentity({ udid: label.udid, identity: { stated: identity.aliases, known } });
  return result === 'failed' ? 'identity_mismatch' : undefined;
}

/** A label without a name belongs to the device that its secret opened, if that one says who it is. */
export function isTied(identity: DeviceIdentity): boolean {
  return identity.openedBySecret === true && identity.aliases.some((name) => isUdid(name));
}
