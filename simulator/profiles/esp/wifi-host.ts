import type { DeviceMemory } from '../device-state.ts';
import type { EspEndpoint, EspFirmware } from './firmware.ts';
import { inner, type Proto, parseProto, writeProto } from './proto-lite.ts';

type Octets = Uint8Array<ArrayBuffer>;

/** The Wi-Fi part of provisioning: what it hears, and one network it can join (wifi_provisioning/src/manager.c). */
export class WifiHost {
  readonly #memory: DeviceMemory;
  readonly #firmware: EspFirmware;
  #wanted: { readonly ssid: string; readonly password: string } | undefined;
  #state: 'idle' | 'connecting' | 'connected' | 'wrong-password' | 'not-found' = 'idle';

  constructor(memory: DeviceMemory, firmware: EspFirmware) {
    this.#memory = memory;
    this.#firmware = firmware;
  }

  handle(endpoint: EspEndpoint, request: Uint8Array): Octets | undefined {
    const command = parseProto(request);
    const message = command?.numbers.get(1) ?? 0;
    if (command === undefined) return undefined;
    if (endpoint === 'prov-scan') return this.#scan(message, command);
    if (endpoint === 'prov-config') return this.#config(message, command);
    if (endpoint === 'prov-ctrl' && message === 1) {
      // Only after a failure (wifi_prov_mgr_reset_sm_state_on_failure).
      const failed = this.#state === 'wrong-password' || this.#state === 'not-found';
      if (failed) this.#state = 'idle';
      return writeProto([1, 2], [2, failed ? 0 : 3], [12, writeProto()]);
    }
    return undefined;
  }

  #scan(message: number, command: Proto): Octets | undefined {
    if (message === 0) return writeProto([1, 1], [11, writeProto()]);
    const heard = this.#heard();
    if (message === 2) return writeProto([1, 3], [13, writeProto([1, 1], [2, heard.length])]);
    if (message !== 4) return undefined;
    const page = inner(command, 14);
    const from = page?.numbers.get(1) ?? 0;
    const entries = heard.slice(from, from + (page?.numbers.get(2) ?? 0));
    return writeProto([1, 5], [15, writeProto(...entries.map((entry) => [1, entry] as const))]);
  }

  #heard(): readonly Octets[] {
    const names = [this.#firmware.network.ssid, 'Nachbar', 'Gäste', 'Lager', 'x'.repeat(32), 'offen'];
    return names.map((name, i) =>
      writeProto(
        [1, name],
        [2, i + 1],
        [3, -40 - i],
        [4, new Uint8Array([2, 0, 0, 0, 0, i])],
        [5, name === 'offen' ? 0 : 3],
      ),
    );
  }

  #config(message: number, command: Proto): Octets | undefined {
    if (message === 2) {
      // Nothing new is taken in after a failure until it was reset (espressif/esp-idf issue 15613).
      if (this.#state !== 'idle') return writeProto([1, 3], [13, writeProto([1, 3])]);
      const set = inner(command, 12);
      const text = (field: number) => new TextDecoder().decode(set?.blobs.get(field) ?? new Uint8Array(0));
      this.#wanted = { ssid: text(1), password: text(2) };
      return writeProto([1, 3], [13, writeProto()]);
    }
    if (message === 4) {
      this.#state = 'connecting';
      return writeProto([1, 5], [15, writeProto()]);
    }
    return message === 0 ? writeProto([1, 1], [11, this.#status()]) : undefined;
  }

  #status(): Octets {
    const now = this.#state;
    if (now === 'connecting') this.#settle();
    if (now === 'idle') return writeProto([2, 2]);
    if (now === 'connecting') return writeProto([2, 1]);
    if (now === 'connected') {
      const joined = writeProto([1, '192.0.2.17'], [2, 3], [3, this.#wanted?.ssid ?? ''], [5, 1]);
      return writeProto([11, joined]);
    }
    return writeProto([2, 3], [10, now === 'not-found' ? 1 : 0]);
  }

  #settle(): void {
    const { ssid, password } = this.#firmware.network;
    if (this.#wanted?.ssid !== ssid) this.#state = 'not-found';
    else if (this.#wanted.password !== password) this.#state = 'wrong-password';
    else {
      this.#state = 'connected';
      this.#memory.put(0, 'ssid', new TextEncoder().encode(ssid));
    }
  }
}
