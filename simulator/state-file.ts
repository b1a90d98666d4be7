import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyType } from './profiles/device-key.ts';
import { type DeviceState, newDeviceState } from './profiles/device-state.ts';

/** A device's state in a directory, so that the same device starts again. It holds the private key: mode 600. */
export class StateFile {
  readonly #path: string;

  constructor(directory: string) {
    mkdirSync(directory, { recursive: true });
    this.#path = join(directory, 'device.json');
  }

  /**
   * The device that is kept here, or else a new one.
   *
   * @param newUdid what a device of this firmware is called that nobody named
   */
  async load(udid: string | undefined, newUdid: () => string, key: KeyType = 'p256'): Promise<DeviceState> {
    const kept = this.#read();
    if (kept !== undefined && (udid === undefined || kept.udid === udid)) return kept;
    if (kept !== undefined) throw new Error(`The state directory holds ${kept.udid}, not ${udid}.`);
    const state = await newDeviceState(udid ?? newUdid(), key);
    this.save(state);
    return state;
  }

  save(state: DeviceState): void {
    const draft = `${this.#path}.new`;
    writeFileSync(draft, JSON.stringify(state), { mode: 0o600 });
    renameSync(draft, this.#path);
  }

  #read(): DeviceState | undefined {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as DeviceState;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
