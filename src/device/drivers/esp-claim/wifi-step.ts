import type { Timer } from '../../../../core/clock.ts';
import { DeviceError, type WifiNetwork, type WifiState, type WifiStep } from '../../../ports/device.ts';
import type { ProtocommClient } from '../../protocols/protocomm/client.ts';
import { type ProtoMessage, protoBytes } from '../../protocols/protocomm/protobuf.ts';
import { MOST_NETWORKS, strongestFirst } from '../../protocols/wifi-networks.ts';
import {
  credentials,
  decodeWifi,
  type EspWifiState,
  encodeWifi,
  isIn,
  networkOf,
  stateOf,
  WIFI,
} from './wifi-messages.ts';

/** Results asked for at once: four with the longest names stay under a characteristic's 256 bytes. */
const PAGE = 4;
const ASK_EVERY_MS = 1_000;
const JOIN_ASKS = 30;
const SCAN_ASKS = 15;
const FAILED: ReadonlySet<EspWifiState> = new Set(['password-wrong', 'not-found']);

/** Undefined where the firmware lacks the endpoints. */
export function wifiStep(client: ProtocommClient, clock: Timer): WifiStep | undefined {
  const has = ['prov-scan', 'prov-config'].every((name) => client.has(name));
  return has ? new EspWifi(client, clock) : undefined;
}

class EspWifi implements WifiStep {
  readonly #client: ProtocommClient;
  readonly #clock: Timer;

  constructor(client: ProtocommClient, clock: Timer) {
    this.#client = client;
    this.#clock = clock;
  }

  async state(signal: AbortSignal): Promise<WifiState> {
    const now = await this.#state(signal);
    return now === 'password-wrong' || now === 'not-found' ? 'failed' : now;
  }

  async scan(signal: AbortSignal): Promise<readonly WifiNetwork[]> {
    // Not blocking, so that no write waits longer than a link's limit for its answer; 5 channels, then a breath.
    await this.#ask(WIFI.scanStart, signal, protoBytes([3, 5], [4, 120]));
    for (let asks = 0; asks < SCAN_ASKS; asks++) {
      const status = await this.#ask(WIFI.scanStatus, signal);
      const count = status.int(2);
      if (count < 0) throw new DeviceError('device_garbage', 'Wi-Fi scan');
      if (status.int(1) !== 0) return this.#results(Math.min(count, MOST_NETWORKS), signal);
      await this.#pause('Wi-Fi scan', signal);
    }
    throw new DeviceError('timed_out', 'Wi-Fi scan');
  }

  async join(ssid: string, password: string, signal: AbortSignal): Promise<void> {
    const settings = credentials(ssid, password);
    // A visit that was cut left settings. The firmware takes no others while it tries them, nor when it has joined
    // (wifi_provisioning/src/manager.c); after a failure not until it is reset (espressif/esp-idf issue 15613).
    const left = await this.#outcome(['joining'], signal);
    if (stateOf(left) === 'joined' && isIn(left, ssid)) return;
    if (FAILED.has(stateOf(left))) await this.#reset(signal);
    await this.#config(WIFI.set, signal, settings);
    await this.#config(WIFI.apply, signal);
    const now = stateOf(await this.#outcome(['joining', 'ready'], signal));
    if (now === 'joined') return;
    await this.#reset(signal);
    throw new DeviceError(now === 'not-found' ? 'wifi_not_found' : 'wifi_password_wrong', 'Wi-Fi join');
  }

  /** The first status that is none of these. */
  async #outcome(pending: readonly EspWifiState[], signal: AbortSignal): Promise<ProtoMessage> {
    for (let asks = 0; asks < JOIN_ASKS; asks++) {
      const status = await this.#config(WIFI.status, signal);
      if (!pending.includes(stateOf(status))) return status;
      await this.#pause('Wi-Fi join', signal);
    }
    throw new DeviceError('wifi_failed', 'Wi-Fi join');
  }

  async #state(signal: AbortSignal): Promise<EspWifiState> {
    return stateOf(await this.#config(WIFI.status, signal));
  }

  /** `prov-ctrl` is younger than the rest (esp-idf 5.1): without it only a restart makes the device listen again. */
  async #reset(signal: AbortSignal): Promise<void> {
    if (!this.#client.has('prov-ctrl')) return;
    const answer = await this.#client.call('prov-ctrl', encodeWifi(WIFI.reset), signal);
    decodeWifi(answer, WIFI.reset, 'message', 'Wi-Fi reset');
  }

  async #config(command: Command, signal: AbortSignal, body?: Uint8Array): Promise<ProtoMessage> {
    const answer = await this.#client.call('prov-config', encodeWifi(command, body), signal);
    return decodeWifi(answer, command, 'body', 'Wi-Fi settings');
  }

  async #ask(command: Command, signal: AbortSignal, body?: Uint8Array): Promise<ProtoMessage> {
    const answer = await this.#client.call('prov-scan', encodeWifi(command, body), signal);
    return decodeWifi(answer, command, 'message', 'Wi-Fi scan');
  }

  async #results(count: number, signal: AbortSignal): Promise<readonly WifiNetwork[]> {
    const heard: (WifiNetwork | undefined)[] = [];
    while (heard.length < count) {
      const page = protoBytes([1, heard.length], [2, Math.min(PAGE, count - heard.length)]);
      const entries = (await this.#ask(WIFI.scanResult, signal, page)).all(1);
      if (entries.length === 0 || entries.length > PAGE)
        throw new DeviceError('device_garbage', 'Wi-Fi scan');
      heard.push(...entries.map(networkOf));
    }
    return strongestFirst(heard.filter((one) => one !== undefined));
  }

  async #pause(step: string, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(ASK_EVERY_MS, signal);
    if (signal.aborted) throw new DeviceError('aborted', step);
  }
}

type Command = (typeof WIFI)[keyof typeof WIFI];
