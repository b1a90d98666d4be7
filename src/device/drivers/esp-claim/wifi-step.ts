import type { Clock } from '../../../ports/clock.ts';
import { DeviceError } from '../../../ports/device.ts';
import type { ProtocommClient } from '../../protocols/protocomm/client.ts';
import { protoBytes } from '../../protocols/protocomm/protobuf.ts';
import {
  credentials,
  decodeWifi,
  encodeWifi,
  networkOf,
  stateOf,
  WIFI,
  type WifiNetwork,
  type WifiState,
} from './wifi-messages.ts';

/** Brings a device into a network, over the link it is already on. A password is sent and not kept. */
export interface WifiStep {
  scan(signal: AbortSignal): Promise<readonly WifiNetwork[]>;
  /** Tries the network; the state says what came of it, when the device knows. A password is up to 64 bytes. */
  join(ssid: Uint8Array, password: string, signal: AbortSignal): Promise<WifiState>;
  state(signal: AbortSignal): Promise<WifiState>;
  /** After a failed attempt: without it the firmware takes no other password (espressif/esp-idf issue 15613). */
  reset(signal: AbortSignal): Promise<void>;
}

/** Results asked for at once: four with the longest names stay under a characteristic's 256 bytes. */
const PAGE = 4;
const MOST_NETWORKS = 64;
const ASK_EVERY_MS = 1_000;
const JOIN_ASKS = 30;
const SCAN_ASKS = 15;

/** Undefined where the firmware lacks the endpoints. */
export function wifiStep(client: ProtocommClient, clock: Clock): WifiStep | undefined {
  if (!['prov-scan', 'prov-config'].every((name) => client.has(name))) return undefined;
  const state = async (signal: AbortSignal) => {
    const answer = await client.call('prov-config', encodeWifi(WIFI.status), signal);
    return stateOf(decodeWifi(answer, WIFI.status, 'body', 'Wi-Fi status'));
  };
  const pause = async (step: string, signal: AbortSignal) => {
    await clock.sleep(ASK_EVERY_MS, signal);
    if (signal.aborted) throw new DeviceError('aborted', step);
  };
  return {
    state,
    async scan(signal) {
      const ask = async (
        command: typeof WIFI.scanStart | typeof WIFI.scanStatus | typeof WIFI.scanResult,
        body?: Uint8Array,
      ) =>
        decodeWifi(
          await client.call('prov-scan', encodeWifi(command, body), signal),
          command,
          'message',
          'Wi-Fi scan',
        );
      // Not blocking, so that no write waits longer than a link's limit for its answer; 5 channels, then a breath.
      await ask(WIFI.scanStart, protoBytes([3, 5], [4, 120]));
      for (let asks = 0; asks < SCAN_ASKS; asks++) {
        const status = await ask(WIFI.scanStatus);
        const count = status.int(2);
        if (count < 0) throw new DeviceError('device_garbage', 'Wi-Fi scan');
        if (status.int(1) !== 0)
          return resultsOf(Math.min(count, MOST_NETWORKS), (from, size) =>
            ask(WIFI.scanResult, protoBytes([1, from], [2, size])),
          );
        await pause('Wi-Fi scan', signal);
      }
      throw new DeviceError('timed_out', 'Wi-Fi scan');
    },
    async join(ssid, password, signal) {
      const set = await client.call('prov-config', encodeWifi(WIFI.set, credentials(ssid, password)), signal);
      decodeWifi(set, WIFI.set, 'body', 'Wi-Fi set');
      decodeWifi(
        await client.call('prov-config', encodeWifi(WIFI.apply), signal),
        WIFI.apply,
        'body',
        'Wi-Fi apply',
      );
      for (let asks = 0; asks < JOIN_ASKS; asks++) {
        const now = await state(signal);
        if (now.kind === 'connected' || now.kind === 'failed') return now;
        await pause('Wi-Fi join', signal);
      }
      return state(signal);
    },
    async reset(signal) {
      // `prov-ctrl` is younger than the rest (esp-idf 5.1).
      if (!client.has('prov-ctrl')) throw new DeviceError('device_refused', 'Wi-Fi reset');
      decodeWifi(
        await client.call('prov-ctrl', encodeWifi(WIFI.reset), signal),
        WIFI.reset,
        'message',
        'Wi-Fi reset',
      );
    },
  };
}

type Page = (from: number, size: number) => Promise<{ all(field: number): readonly Uint8Array[] }>;

async function resultsOf(count: number, page: Page): Promise<readonly WifiNetwork[]> {
  const found: WifiNetwork[] = [];
  while (found.length < count) {
    const entries = (await page(found.length, Math.min(PAGE, count - found.length))).all(1);
    if (entries.length === 0 || entries.length > PAGE) throw new DeviceError('device_garbage', 'Wi-Fi scan');
    found.push(...entries.map(networkOf));
  }
  return found;
}
