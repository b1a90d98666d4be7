/** The way to devices. Nothing outside this folder imports past this file, except tests. */
export { createDevicePort, type DevicePortOptions } from './connect.ts';
