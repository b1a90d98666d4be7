import type { Bytes } from '../../../core/bytes.ts';
import { DeviceError } from '../../ports/device.ts';
import type { GattCharacteristic } from '../../ports/link.ts';
import type { GattOperations } from './gatt-operations.ts';

/** Web Bluetooth's characteristic behind our port. */
export class WebCharacteristic implements GattCharacteristic {
  readonly #remote: BluetoothRemoteGATTCharacteristic;
  readonly #operations: GattOperations;

  constructor(remote: BluetoothRemoteGATTCharacteristic, operations: GattOperations) {
    this.#remote = remote;
    this.#operations = operations;
  }

  async read(signal: AbortSignal): Promise<Bytes> {
    return bytesOf(await this.#operations.run('bluetooth read', () => this.#remote.readValue(), signal));
  }

  write(value: Uint8Array, signal: AbortSignal): Promise<void> {
    const copy = new Uint8Array(value);
    return this.#operations.run('bluetooth write', () => this.#remote.writeValueWithResponse(copy), signal);
  }

  writeWithoutResponse(value: Uint8Array, signal: AbortSignal): Promise<void> {
    const copy = new Uint8Array(value);
    return this.#operations.run(
      'bluetooth write',
      () => this.#remote.writeValueWithoutResponse(copy),
      signal,
    );
  }

  async subscribe(onValue: (value: Uint8Array) => void, signal: AbortSignal): Promise<() => void> {
    const changed = () => {
      if (this.#remote.value !== undefined) onValue(bytesOf(this.#remote.value));
    };
    // Before startNotifications: a device may speak at once.
    this.#remote.addEventListener('characteristicvaluechanged', changed);
    const stop = () => this.#remote.removeEventListener('characteristicvaluechanged', changed);
    try {
      await this.#operations.run('bluetooth notifications', () => this.#remote.startNotifications(), signal);
      return stop;
    } catch (error) {
      stop();
      throw error;
    }
  }
}

/** Characteristic User Description (Bluetooth Core 5.4, vol 3 part G, 3.3.3.2); empty if there is none. */
const USER_DESCRIPTION = '00002901-0000-1000-8000-00805f9b34fb';

export async function readDescription(
  remote: BluetoothRemoteGATTCharacteristic,
  operations: GattOperations,
  signal: AbortSignal,
): Promise<Bytes> {
  const read = async () => (await remote.getDescriptor(USER_DESCRIPTION)).readValue();
  try {
    return bytesOf(await operations.run('bluetooth description', read, signal));
  } catch (error) {
    // NotFoundError: it has no description.
    if (error instanceof DeviceError && error.code === 'no_device_chosen') return new Uint8Array(0);
    throw error;
  }
}

/** A copy: the browser may reuse what is behind the view. */
function bytesOf(view: DataView): Bytes {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice() as Bytes;
}
