import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeUdevLibrary } from './build.ts';

/** USB ids of the adapter the port pretends to be; a chooser grant is for exactly these. */
export const FAKE_ADAPTER = {
  vendorId: 0x2341,
  productId: 0x0043,
  serialNumber: 'SN-0001',
  name: 'Fieldbind test port',
};

export interface FakeSerial {
  /** What the browser's environment must hold. */
  readonly env: Readonly<Record<string, string>>;
  /** Directory of this rig, for ptys and such. */
  readonly directory: string;
  /** A serial adapter appears; `path` is what opening it opens. */
  plug(path: string): void;
  unplug(): void;
  stop(): void;
}

/** One serial port for a Chromium that is started with `env`. */
export function startFakeSerial(): FakeSerial {
  const directory = mkdtempSync(join(tmpdir(), 'fieldbind-serial-'));
  for (const folder of ['dev', 'gone', 'draft']) mkdirSync(join(directory, folder));
  const hex = (id: number) => id.toString(16).padStart(4, '0');
  return {
    env: { LD_PRELOAD: fakeUdevLibrary(), FAKEDEV_DIR: directory },
    directory,
    plug(path) {
      const properties = {
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
      const draft = join(directory, 'draft', 'port');
      const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
      writeFileSync(draft, lines.join(''));
      // Renamed into place, so that the watch never sees half of it.
      renameSync(draft, join(directory, 'dev', 'port'));
    },
    unplug() {
      renameSync(join(directory, 'dev', 'port'), join(directory, 'gone', 'port'));
    },
    stop() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
