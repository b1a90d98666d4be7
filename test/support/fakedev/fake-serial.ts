import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeUdevLibrary } from './build.ts';
import { FAKE_ADAPTER } from './fake-adapter.ts';
import { usbDescriptors } from './usb-descriptors.ts';

export { FAKE_ADAPTER };

export interface FakeSerial {
  /** What the browser's environment must hold. */
  readonly env: Readonly<Record<string, string>>;
  /** Directory of this rig, for ptys and such. */
  readonly directory: string;
  /** Path of the unix socket that the USB device's bulk pipes lead to: a simulated device listens on it. */
  readonly usbSocket: string;
  /** A serial adapter appears; `path` is what opening it opens. */
  plug(path: string): void;
  unplug(): void;
  /** The same board for WebUSB: a device with a serial port, not taken by any driver of the system's. */
  plugUsb(): void;
  unplugUsb(): void;
  /** What the browser asked of the USB device on its control pipe, and the most reads that waited at once. */
  usbLog(): readonly string[];
  stop(): void;
}

/** One serial port and one USB device for a Chromium that is started with `env`. */
export function startFakeSerial(): FakeSerial {
  const directory = mkdtempSync(join(tmpdir(), 'fieldbind-serial-'));
  for (const folder of ['dev', 'gone', 'draft', 'sys', 'sys/usb', 'usb']) mkdirSync(join(directory, folder));
  writeFileSync(join(directory, 'sys/usb/descriptors'), usbDescriptors());
  const usbNode = join(directory, 'usb/001');
  const plug = (name: string, properties: Readonly<Record<string, string | number>>) => {
    const draft = join(directory, 'draft', name);
    const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(draft, lines.join(''));
    // Renamed into place, so that the watch never sees half of it.
    renameSync(draft, join(directory, 'dev', name));
  };
  const unplug = (name: string) => renameSync(join(directory, 'dev', name), join(directory, 'gone', name));
  return {
    env: { LD_PRELOAD: fakeUdevLibrary(), FAKEDEV_DIR: directory },
    directory,
    usbSocket: `${usbNode}.sock`,
    plug: (path) => plug('port', portProperties(directory, path)),
    unplug: () => unplug('port'),
    plugUsb: () => plug('usb', usbProperties(directory, usbNode)),
    unplugUsb: () => unplug('usb'),
    usbLog: () => readFileSync(join(directory, 'usb.log'), 'utf8').trim().split('\n'),
    stop() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function portProperties(directory: string, path: string) {
  const hex = (id: number) => id.toString(16).padStart(4, '0');
  return {
    SYSPATH: `${directory}/sys/port`,
    SUBSYSTEM: 'tty',
    DEVNAME: path,
    // The only range that every kernel's /proc/tty/drivers calls "serial"; Chromium looks, and opens DEVNAME.
    MAJOR: 4,
    MINOR: 64,
    ID_VENDOR_ID: hex(FAKE_ADAPTER.vendorId),
    ID_MODEL_ID: hex(FAKE_ADAPTER.productId),
    ID_SERIAL_SHORT: FAKE_ADAPTER.serialNumber,
    ID_MODEL_ENC: FAKE_ADAPTER.name,
  };
}

function usbProperties(directory: string, node: string) {
  return {
    SYSPATH: `${directory}/sys/usb`,
    SUBSYSTEM: 'usb',
    DEVTYPE: 'usb_device',
    DEVNAME: node,
    MAJOR: 189,
    MINOR: 1,
    'ATTR{manufacturer}': 'Fieldbind',
    'ATTR{product}': FAKE_ADAPTER.name,
    'ATTR{serial}': FAKE_ADAPTER.serialNumber,
    'ATTR{bConfigurationValue}': 1,
    'ATTR{busnum}': 1,
    'ATTR{devnum}': 2,
  };
}
