import { FieldDevices } from '../../contract/field-device.ts';
import type { DevicesBackend } from '../ports/devices.ts';
import { read, request } from './request.ts';

export const devicesClient: DevicesBackend = {
  async fieldDevices(org, after, signal) {
    const query = new URLSearchParams({ org, after });
    return read(await request(`/api/field-devices?${query}`, { signal }), FieldDevices);
  },
};
