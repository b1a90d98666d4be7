import { toBase64Url, toPem } from '../base64.ts';
import { makeDeviceKey } from '../device-key.ts';
import { DeviceMemory, type DeviceState } from '../device-state.ts';
import type { Misbehaviour } from '../firmware.ts';
import { Wire } from '../wire.ts';
import type { Attachment } from '../zephyr-cred.ts';
import { FrameTaker, frame } from './frames.ts';

export interface ArduinoBoardOptions {
  readonly state: DeviceState;
  readonly misbehaviour?: Misbehaviour;
  readonly onState?: (state: DeviceState) => void;
}

/** Status INVALID_REQUEST, INVALID_PARAMS (MessagesDefinitions.h), as CBOR. */
const INVALID_REQUEST = 0x26;
const INVALID_PARAMS = 0x24;

/** A board with the provisioning sketch: deaf until CONNECT, then asked by CBOR messages (SerialAgent.h). */
export class ArduinoBoard {
  readonly udid: string;
  /** Its unique hardware id, hexadecimal. */
  readonly label: string;
  readonly publicKey: string;
  readonly #memory: DeviceMemory;
  readonly #uhwid: Uint8Array;
  #misbehaviour: Misbehaviour | undefined;

  static async start(options: ArduinoBoardOptions): Promise<ArduinoBoard> {
    const memory = await DeviceMemory.load(options.state, options.onState ?? (() => undefined));
    const seed = new TextEncoder().encode(memory.udid);
    const uhwid = new Uint8Array(await crypto.subtle.digest('SHA-256', seed));
    if (options.misbehaviour?.kind === 'other-device') uhwid.reverse();
    return new ArduinoBoard(memory, uhwid, options.misbehaviour);
  }

  private constructor(memory: DeviceMemory, uhwid: Uint8Array, misbehaviour: Misbehaviour | undefined) {
    this.#memory = memory;
    this.#uhwid = uhwid;
    this.#misbehaviour = misbehaviour;
    this.udid = memory.udid;
    this.label = [...uhwid].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    this.publicKey = toBase64Url(memory.key.spki);
  }

  get state(): DeviceState {
    return this.#memory.state();
  }

  stored(): undefined {
    return undefined;
  }

  misbehave(how: Misbehaviour | undefined): void {
    this.#misbehaviour = how;
  }

  /** A board says nothing when it starts. */
  reset(): void {}

  attachUart(onBytes: (bytes: Uint8Array) => void, onCut: () => void): Attachment {
    const wire = new Wire(
      onBytes,
      onCut,
      () => this.#misbehaviour,
      () => this.misbehave(undefined),
    );
    const taker = new FrameTaker();
    const session = { connected: false, seconds: 0 };
    const take = async (bytes: Uint8Array) => {
      for (const byte of bytes) {
        const taken = taker.take(byte);
        if (taken === 'more') continue;
        if (taken === 'error') {
          // All that waits in the buffer goes with it; only a connected board says so.
          if (session.connected) wire.send(frame(3, [3]));
          return;
        }
        if (taken.type === 3)
          session.connected = taken.payload[0] === 1 || (session.connected && taken.payload[0] !== 2);
        else if (session.connected)
          for (const answer of await this.#answers(taken.payload, session)) wire.send(frame(2, answer));
      }
    };
    let work: Promise<unknown> = Promise.resolve();
    return {
      send: (bytes) => {
        const mine = work.then(() => take(bytes));
        work = mine;
        return mine;
      },
      detach: () => wire.close(),
    };
  }

  async #answers(payload: readonly number[], session: { seconds: number }): Promise<number[][]> {
    const [head, a, b, c, number, array, ...rest] = payload;
    const isOurs = head === 0xda && a === 0 && b === 1 && c === 0x20 && array === 0x81;
    const value = isOurs ? wholeNumber(rest) : undefined;
    if (value === undefined) return [message(0x00, [INVALID_PARAMS])];
    if (number === 0x02) {
      session.seconds = value;
      return [];
    }
    if (number !== 0x03) return [message(0x00, [INVALID_PARAMS])];
    if (value === 200) return [message(0x15, text('1.0.0'))];
    if (value === 201) return [message(0x16, text('0.3.2'))];
    if (value !== 2) return [message(0x00, [INVALID_REQUEST])];
    const jwt = new TextEncoder().encode(await this.#token(session.seconds));
    return [
      message(0x10, byteString(this.#uhwid)),
      message(0x11, byteString(jwt)),
      message(0x17, text(toPem('PUBLIC KEY', this.#memory.key.spki))),
    ];
  }

  async #token(seconds: number): Promise<string> {
    const part = (value: object) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
    const input = `${part({ alg: 'ES256', typ: 'JWT' })}.${part({ iat: seconds, iss: this.label })}`;
    const wrong = ['wrong-key', 'broken-signature'].includes(this.#misbehaviour?.kind ?? '');
    const key = wrong ? (await makeDeviceKey()).key : this.#memory.key;
    return `${input}.${toBase64Url(await key.signFixed(new TextEncoder().encode(input)))}`;
  }
}

const message = (number: number, content: readonly number[]) => [0xda, 0, 1, 0x20, number, 0x81, ...content];

function head(major: number, length: number): number[] {
  if (length < 24) return [(major << 5) | length];
  return length < 256 ? [(major << 5) | 24, length] : [(major << 5) | 25, length >> 8, length & 255];
}

const byteString = (bytes: Uint8Array) => [...head(2, bytes.length), ...bytes];
const text = (value: string) => [...head(3, value.length), ...new TextEncoder().encode(value)];

/** A CBOR whole number of up to 32 bits, alone. */
function wholeNumber([first = 0xff, ...rest]: readonly number[]): number | undefined {
  if (first < 24) return rest.length === 0 ? first : undefined;
  const size = { 24: 1, 25: 2, 26: 4 }[first];
  return size === rest.length ? rest.reduce((sum, byte) => sum * 256 + byte, 0) : undefined;
}
