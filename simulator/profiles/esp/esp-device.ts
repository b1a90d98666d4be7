import { toBase64Url } from '../base64.ts';
import { DeviceMemory, type DeviceState } from '../device-state.ts';
import { handleChallenge } from './challenge-host.ts';
import { ClaimHost } from './claim-host.ts';
import {
  DEFAULT_ESP_FIRMWARE,
  type EspEndpoint,
  type EspFirmware,
  endpointsOf,
  type Mischief,
} from './firmware.ts';
import { SessionHost } from './session-host.ts';
import { WifiHost } from './wifi-host.ts';

type Octets = Uint8Array<ArrayBuffer>;

export interface EspClaimOptions {
  readonly state: DeviceState;
  readonly firmware?: Partial<EspFirmware>;
  readonly misbehaviour?: Mischief;
  readonly onState?: (state: DeviceState) => void;
}

/** One connection, one session. Undefined is a failure: an ATT error over Bluetooth, 500 over HTTP. */
export interface EspConnection {
  request(endpoint: EspEndpoint, value: Uint8Array): Promise<Octets | undefined>;
  close(): void;
}

/** Espressif firmware with unified provisioning and RainMaker's assisted claiming, as its transports show it. */
export class EspClaimDevice {
  readonly udid: string;
  /** SubjectPublicKeyInfo, base64url. */
  readonly publicKey: string;
  /** What its label says, for a QR code. */
  readonly label: string;
  readonly name: string;
  readonly mac: string;
  /** The proof of possession on the label. */
  readonly pop: string;
  readonly firmware: EspFirmware;
  readonly #memory: DeviceMemory;
  readonly #claim: ClaimHost;
  readonly #wifi: WifiHost;
  #mischief: Mischief;

  static async start(options: EspClaimOptions): Promise<EspClaimDevice> {
    const memory = await DeviceMemory.load(options.state, options.onState ?? (() => undefined));
    if (memory.get(0, 'pop') === undefined) memory.put(0, 'pop', new TextEncoder().encode(randomPop()));
    return new EspClaimDevice(memory, { ...DEFAULT_ESP_FIRMWARE, ...options.firmware }, options.misbehaviour);
  }

  private constructor(memory: DeviceMemory, firmware: EspFirmware, mischief: Mischief) {
    this.#memory = memory;
    this.firmware = firmware;
    this.#mischief = mischief;
    this.udid = memory.udid;
    this.publicKey = toBase64Url(memory.key.spki);
    this.mac = macOf(memory, mischief);
    this.name = `PROV_${this.mac.slice(6).toUpperCase()}`;
    this.pop = text(memory.get(0, 'pop'));
    const user = firmware.security === 2 ? { username: firmware.username } : {};
    this.label = JSON.stringify({ ver: 'v1', name: this.name, ...user, pop: this.pop, transport: 'ble' });
    this.#claim = new ClaimHost(memory, this.mac, () => this.#mischief);
    this.#wifi = new WifiHost(memory, firmware);
  }

  get state(): DeviceState {
    return this.#memory.state();
  }

  /** The certificate as the firmware stores it, PEM. */
  get certificate(): string | undefined {
    const stored = this.#memory.get(0, 'certificate');
    return stored === undefined ? undefined : text(stored);
  }

  get nodeId(): string {
    return text(this.#memory.get(0, 'node_id'));
  }

  get overran(): boolean {
    return this.#claim.overran;
  }

  misbehave(how: Mischief): void {
    this.#mischief = how;
  }

  /** Its reset button, or its power: what it stored stays. */
  reset(): void {
    this.#claim.restart();
  }

  /** @param onCut the device ended the link, in the middle of a request */
  connect(onCut: () => void = () => undefined): EspConnection {
    const session = new SessionHost(this.firmware, this.pop);
    let given = 0;
    let open = true;
    return {
      request: async (endpoint, value) => {
        if (!open) return undefined;
        if (this.#mischief?.kind === 'silent') return new Promise(() => undefined);
        const answer = await this.#answer(session, endpoint, value);
        if (answer === 'dead') {
          open = false;
          onCut();
          return undefined;
        }
        given += answer?.length ?? 0;
        const how = this.#mischief;
        if (how?.kind === 'drop' && given > how.afterBytes) {
          this.#mischief = undefined;
          open = false;
          onCut();
          return undefined;
        }
        return answer !== undefined && how?.kind === 'garbage' ? crypto.getRandomValues(answer) : answer;
      },
      close() {
        open = false;
      },
    };
  }

  async #answer(
    session: SessionHost,
    endpoint: EspEndpoint,
    value: Uint8Array,
  ): Promise<Octets | 'dead' | undefined> {
    if (!endpointsOf(this.firmware).some(([name]) => name === endpoint)) return undefined;
    if (endpoint === 'proto-ver') return new TextEncoder().encode(this.#version());
    if (endpoint === 'prov-session') return session.handle(value);
    const plain = await session.channel?.decrypt(value);
    const answer = plain === undefined ? undefined : await this.#command(endpoint, plain);
    return answer === undefined || answer === 'dead' ? answer : session.channel?.encrypt(answer);
  }

  async #command(endpoint: EspEndpoint, plain: Octets): Promise<Octets | 'dead' | undefined> {
    if (endpoint === 'rmaker_claim') return this.#claim.handle(plain);
    if (endpoint === 'ch_resp') return handleChallenge(plain, this.#memory, this.firmware);
    return this.#wifi.handle(endpoint, plain);
  }

  #version(): string {
    const { security, patch, noPop, claim, challenge } = this.firmware;
    const cap = ['wifi_scan', ...(security === 0 ? ['no_sec'] : []), ...(noPop ? ['no_pop'] : [])];
    return JSON.stringify({
      prov: { ver: 'v1.1', sec_ver: security, sec_patch_ver: patch, cap },
      ...(claim ? { rmaker: { ver: '1.0', cap: ['claim'] } } : {}),
      ...(challenge === 'absent' ? {} : { rmaker_extra: { ver: '1.0', cap: ['ch_resp'] } }),
    });
  }
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

function macOf(memory: DeviceMemory, mischief: Mischief): string {
  const own = /^mac-([0-9a-f]{12})$/.exec(memory.udid)?.[1];
  // A device with another kind of name has a MAC all the same: here made of its key.
  const made = [...memory.key.spki.slice(-5)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return own === undefined || mischief?.kind === 'other-device' ? `06${made}` : own;
}

function randomPop(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  return [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => letters[byte % letters.length])
    .join('');
}
