import type { Timer } from '../../../core/clock.ts';
import { DeviceError, type DevicePick } from '../../ports/device.ts';
import type { DescribedCharacteristic, GattCharacteristic, GattLink } from '../../ports/link.ts';
import { fromChosen, fromPlatform } from '../error.ts';
import { within } from '../protocols/within.ts';
import { GattOperations } from './gatt-operations.ts';
import { Loss } from './loss.ts';
import { readDescription, WebCharacteristic } from './web-characteristic.ts';

/** A browser that is busy takes seconds; to be told in vain that only a reload helps costs more than the wait. */
const LIST_MS = 10_000;
const CONNECT_MS = 12_000;
const RETRY_MS = 400;
const ATTEMPTS = 3;
/** Each costs a read over the air; firmware that names its characteristics has about ten. */
const MOST_DESCRIBED = 32;

export function hasWebBluetooth(): boolean {
  return 'bluetooth' in navigator;
}

/** @param services what the drivers may use; the page can touch no service that is not named here */
export async function pickBluetoothDevice(
  pick: DevicePick,
  services: readonly string[],
  clock: Timer,
  signal: AbortSignal,
): Promise<BluetoothDevice> {
  if (!hasWebBluetooth()) throw new DeviceError('unsupported_here', 'Web Bluetooth');
  try {
    const known = pick === 'ask' ? [] : await knownDevices(clock, signal);
    const last = known.at(-1);
    if (last !== undefined && (known.length === 1 || pick === 'known-only')) return last;
    if (pick === 'known-only') throw new DeviceError('no_device_chosen', 'Web Bluetooth');
    await browserAnswers(isBluetoothOn(), clock, signal);
    return await navigator.bluetooth.requestDevice({
      filters: services.map((service) => ({ services: [service] })),
    });
  } catch (error) {
    throw fromPlatform(error, 'bluetooth chooser', 'link_refused');
  }
}

/** Behind a flag in some versions: without it, nothing is known. */
async function knownDevices(clock: Timer, signal: AbortSignal): Promise<readonly BluetoothDevice[]> {
  if (navigator.bluetooth.getDevices === undefined) return [];
  return browserAnswers(navigator.bluetooth.getDevices(), clock, signal);
}

/**
 * What is asked of the browser, not of a device, is answered at once; silence means that the page's connection to it is
 * gone, for good. A chooser has no such end of its own, as a person may take any time: so before it this is asked first.
 */
async function browserAnswers<T>(asking: Promise<T>, clock: Timer, signal: AbortSignal): Promise<T> {
  try {
    return await within(asking, LIST_MS, 'bluetooth list', { clock, signal, lost: new Loss().signal });
  } catch (error) {
    const stuck = error instanceof DeviceError && error.code === 'timed_out';
    throw stuck ? new DeviceError('link_stuck', 'bluetooth list', { cause: error }) : error;
  }
}

/** Asked to hear the browser at all; that it fails is an answer too. */
function isBluetoothOn(): Promise<boolean> {
  return navigator.bluetooth.getAvailability().catch(() => false);
}

/** Connects. A first attempt often fails with a NetworkError on real radios, so it is made again before giving up. */
export async function openBluetooth(
  device: BluetoothDevice,
  clock: Timer,
  signal: AbortSignal,
): Promise<GattLink> {
  const server = device.gatt;
  if (server === undefined) throw new DeviceError('link_refused', 'bluetooth connect');
  const never = new Loss().signal;
  for (let attempt = 1; ; attempt++) {
    try {
      await within(server.connect(), CONNECT_MS, 'bluetooth connect', { clock, signal, lost: never });
      return new BluetoothLink(device, server, clock);
    } catch (error) {
      server.disconnect();
      if (error instanceof DeviceError && error.code === 'timed_out') {
        if (attempt > 1) {
          // A device that is off hangs as a closed pipe does. Only the second leaves the browser's own answers out too,
          // and only that one a reload of the page helps.
          await browserAnswers(isBluetoothOn(), clock, signal);
          throw error;
        }
      } else if (attempt === ATTEMPTS || error instanceof DeviceError) {
        throw fromChosen(error, 'bluetooth connect', 'link_lost');
      }
      await clock.sleep(RETRY_MS * attempt, signal);
    }
  }
}

class BluetoothLink implements GattLink {
  readonly kind = 'bluetooth';
  readonly shape = 'gatt';
  readonly lost: AbortSignal;
  readonly #device: BluetoothDevice;
  readonly #server: BluetoothRemoteGATTServer;
  readonly #loss = new Loss();
  readonly #operations: GattOperations;
  readonly #gone = () => this.#loss.tell('link_lost', 'bluetooth disconnected');

  constructor(device: BluetoothDevice, server: BluetoothRemoteGATTServer, clock: Timer) {
    this.#device = device;
    this.#server = server;
    this.#operations = new GattOperations(clock, this.#loss);
    this.lost = this.#loss.signal;
    device.addEventListener('gattserverdisconnected', this.#gone);
    if (!server.connected) this.#gone();
  }

  async characteristic(
    service: string,
    uuid: string,
    signal: AbortSignal,
  ): Promise<GattCharacteristic | undefined> {
    try {
      const found = await this.#operations.run(
        'bluetooth discovery',
        async () => (await this.#server.getPrimaryService(service)).getCharacteristic(uuid),
        signal,
      );
      return new WebCharacteristic(found, this.#operations);
    } catch (error) {
      // NotFoundError: the device has no such service or characteristic.
      if (error instanceof DeviceError && error.code === 'no_device_chosen') return undefined;
      throw error;
    }
  }

  async described(
    service: string,
    signal: AbortSignal,
  ): Promise<readonly DescribedCharacteristic[] | undefined> {
    try {
      const found = await this.#operations.run(
        'bluetooth discovery',
        async () => (await this.#server.getPrimaryService(service)).getCharacteristics(),
        signal,
      );
      const described: DescribedCharacteristic[] = [];
      for (const remote of found.slice(0, MOST_DESCRIBED)) {
        const description = await readDescription(remote, this.#operations, signal);
        described.push({ description, characteristic: new WebCharacteristic(remote, this.#operations) });
      }
      return described;
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'no_device_chosen') return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#device.removeEventListener('gattserverdisconnected', this.#gone);
    this.#loss.tell('link_lost', 'closed');
    this.#server.disconnect();
  }
}
