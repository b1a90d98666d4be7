import { fromBase64, toBase64 } from './base64.ts';
import { type DeviceKey, type KeyType, loadDeviceKey, makeDeviceKey } from './device-key.ts';

/** What a device keeps over a restart, as plain JSON. The private key is in it: a state belongs to one test device. */
export interface DeviceState {
  readonly udid: string;
  readonly jwk: JsonWebKey;
  /** Stored credentials by `<tag>/<type>`, base64. */
  readonly credentials: Readonly<Record<string, string>>;
}

export async function newDeviceState(udid: string, type: KeyType = 'p256'): Promise<DeviceState> {
  return { udid, jwk: (await makeDeviceKey(type)).jwk, credentials: {} };
}

/** `mac-` and 12 hexadecimal digits of a locally administered address. */
export function randomUdid(): string {
  const mac = crypto.getRandomValues(new Uint8Array(6));
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 2;
  return `mac-${[...mac].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

const KEY_MADE = '0/key-made';

/** The store behind `cred`, told to `onChange` after each write so that a restart finds it. */
export class DeviceMemory {
  readonly udid: string;
  #key: DeviceKey;
  #jwk: JsonWebKey;
  readonly #credentials: Map<string, Uint8Array>;
  readonly #onChange: (state: DeviceState) => void;

  static async load(state: DeviceState, onChange: (state: DeviceState) => void): Promise<DeviceMemory> {
    return new DeviceMemory(state, await loadDeviceKey(state.jwk), onChange);
  }

  private constructor(state: DeviceState, key: DeviceKey, onChange: (state: DeviceState) => void) {
    this.udid = state.udid;
    this.#key = key;
    this.#jwk = state.jwk;
    const entries = Object.entries(state.credentials);
    this.#credentials = new Map(entries.map(([name, text]) => [name, fromBase64(text) ?? new Uint8Array(0)]));
    this.#onChange = onChange;
  }

  get key(): DeviceKey {
    return this.#key;
  }

  /** Forgets its key for good, and decides the one that is made next. */
  async renewKey(): Promise<void> {
    const { key, jwk } = await makeDeviceKey(this.#key.type);
    this.#key = key;
    this.#jwk = jwk;
    this.#onChange(this.state());
  }

  get(tag: number, type: string): Uint8Array | undefined {
    return this.#credentials.get(`${tag}/${type}`);
  }

  put(tag: number, type: string, value: Uint8Array | undefined): void {
    if (value === undefined) this.#credentials.delete(`${tag}/${type}`);
    else this.#credentials.set(`${tag}/${type}`, value);
    this.#onChange(this.state());
  }

  /** Whether the key is there to the outside: it was decided when the device was, so that a list can name it. */
  hasKey(keyless: boolean): boolean {
    return !keyless || this.#credentials.has(KEY_MADE);
  }

  makeKey(): void {
    this.put(0, 'key-made', new Uint8Array(1));
  }

  all(): readonly { readonly tag: number; readonly type: string; readonly value: Uint8Array }[] {
    return [...this.#credentials].map(([name, value]) => {
      const [tag = '', type = ''] = name.split('/');
      return { tag: Number(tag), type, value };
    });
  }

  state(): DeviceState {
    const credentials = Object.fromEntries(
      [...this.#credentials].map(([name, value]) => [name, toBase64(value)]),
    );
    return { udid: this.udid, jwk: this.#jwk, credentials };
  }
}
