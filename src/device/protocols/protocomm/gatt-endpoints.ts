import { type Bytes, fromUtf8 } from '../../../../core/bytes.ts';
import type { Timer } from '../../../../core/clock.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { GattCharacteristic, GattLink } from '../../../ports/link.ts';
import { within } from '../within.ts';

/** wifi_provisioning's own examples and RainMaker, then protocomm's default (scheme_ble.c, protocomm_ble.h). */
export const PROTOCOMM_SERVICES = [
  '021a9004-0382-4aea-bff4-6b3f1c5adfb4',
  '1775244d-6b43-439b-877c-060f2d9bed07',
] as const;

/** Characteristics of firmware that does not describe them: bytes 2 and 3 of the service's UUID replaced (esp_prov's fallback). */
const UNDESCRIBED = [
  ['prov-session', 'ff51'],
  ['prov-config', 'ff52'],
  ['proto-ver', 'ff53'],
] as const;
/** Write and read together. Less than the link gives each in turn (8 s): the device does its work during the write. */
const EXCHANGE_MS = 12_000;
/** What an attribute can hold at all (Bluetooth Core 5.4, vol 3 part F, 3.2.9). */
const LARGEST = 512;

/** Named endpoints that each take a request and give its answer. */
export interface Endpoints {
  readonly lost: AbortSignal;
  has(name: string): boolean;
  exchange(name: string, request: Uint8Array, signal: AbortSignal): Promise<Bytes>;
}

/**
 * protocomm over Bluetooth: a characteristic for each endpoint; the request is written, the answer read from the same one.
 *
 * A request is one value: the firmware has no other way to know where it ends, so there are no pieces to begin small
 * with. It is written with response, and what is beyond the MTU the platform carries by prepared writes of its own
 * (BlueZ src/gatt-client.c, start_long_write; Android's GATT_PREPARE_WRITE) and reads back by read blobs, up to the 512
 * bytes that Chromium allows. Firmware that takes no prepared write refuses it, which ends in `device_refused`.
 */
export async function openGattEndpoints(
  link: GattLink,
  clock: Timer,
  signal: AbortSignal,
): Promise<Endpoints | undefined> {
  for (const service of PROTOCOMM_SERVICES) {
    const found = await characteristicsOf(link, service, signal);
    if (found.has('proto-ver') && found.has('prov-session')) return new GattEndpoints(link, clock, found);
  }
  return undefined;
}

type EndpointsByName = ReadonlyMap<string, GattCharacteristic>;

async function characteristicsOf(
  link: GattLink,
  service: string,
  signal: AbortSignal,
): Promise<EndpointsByName> {
  const found = new Map<string, GattCharacteristic>();
  for (const { description, characteristic } of (await link.described?.(service, signal)) ?? []) {
    const name = fromUtf8(description);
    if (name !== undefined && /^[\w-]{1,32}$/.test(name)) found.set(name, characteristic);
  }
  if (found.size > 0) return found;
  for (const [name, short] of UNDESCRIBED) {
    const characteristic = await link.characteristic(
      service,
      `${service.slice(0, 4)}${short}${service.slice(8)}`,
      signal,
    );
    if (characteristic === undefined) return found;
    found.set(name, characteristic);
  }
  return found;
}

class GattEndpoints implements Endpoints {
  readonly lost: AbortSignal;
  readonly #clock: Timer;
  readonly #named: EndpointsByName;

  constructor(link: GattLink, clock: Timer, named: EndpointsByName) {
    this.lost = link.lost;
    this.#clock = clock;
    this.#named = named;
  }

  has(name: string): boolean {
    return this.#named.has(name);
  }

  exchange(name: string, request: Uint8Array, signal: AbortSignal): Promise<Bytes> {
    const characteristic = this.#named.get(name);
    if (characteristic === undefined || request.length > LARGEST)
      return Promise.reject(new DeviceError('device_refused', 'protocomm endpoint'));
    const work = characteristic.write(request, signal).then(() => characteristic.read(signal));
    return within(work, EXCHANGE_MS, 'protocomm', { clock: this.#clock, signal, lost: this.lost });
  }
}
