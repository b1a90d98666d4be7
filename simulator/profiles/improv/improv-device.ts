import type { Misbehaviour } from '../firmware.ts';
import { Wire } from '../wire.ts';
import type { Attachment } from '../zephyr-cred.ts';

export interface ImprovOptions {
  /** The one network it can join, and its password. */
  readonly ssid?: string;
  readonly password?: string;
  /** Listens only after its button was pressed: state 1, and error 4 to what comes before. */
  readonly button?: boolean;
  readonly misbehaviour?: Misbehaviour;
}

const sum = (bytes: readonly number[]) => bytes.reduce((all, byte) => (all + byte) % 256, 0);
const textBytes = (text: string) => [...new TextEncoder().encode(text)];
const strings = (texts: readonly string[]) =>
  texts.flatMap((text) => [textBytes(text).length, ...textBytes(text)]);

/** Error 4: not authorised. */
const NOT_AUTHORISED: [number, number[]][] = [[2, [4]]];
/** Error 1: invalid packet. */
const BAD_CHECKSUM: [number, number[]][] = [[2, [1]]];

/** Firmware with Improv on its serial line among log lines, and on Bluetooth (improv-wifi.com). */
export class ImprovDevice {
  readonly #ssid: string;
  readonly #password: string;
  #misbehaviour: Misbehaviour | undefined;
  readonly #button: boolean;
  /** 1 waits for its button, 2 ready, 3 provisioning, 4 provisioned. */
  state: number;

  constructor(options: ImprovOptions = {}) {
    this.#ssid = options.ssid ?? 'home';
    this.#password = options.password ?? 'password';
    this.#misbehaviour = options.misbehaviour;
    this.#button = options.button ?? false;
    this.state = this.#atStart();
  }

  #atStart(): number {
    return this.#button ? 1 : 2;
  }

  pressButton(): void {
    if (this.state === 1) this.state = 2;
  }

  misbehave(how: Misbehaviour | undefined): void {
    this.#misbehaviour = how;
  }

  reset(): void {
    this.state = this.#atStart();
  }

  attachUart(onBytes: (bytes: Uint8Array) => void, onCut: () => void): Attachment {
    const wire = new Wire(
      onBytes,
      onCut,
      () => this.#misbehaviour,
      () => this.misbehave(undefined),
    );
    const send = (type: number, data: readonly number[]) => {
      const body = [...textBytes('IMPROV'), 1, type, data.length, ...data];
      wire.send(new Uint8Array([...textBytes('[I] wifi: idle\r\n'), ...body, sum(body), 10]));
    };
    const answer = (data: readonly number[]) => this.answer(data);
    let held: number[] = [];
    return {
      async send(bytes) {
        held.push(...bytes);
        const text = String.fromCharCode(...held);
        const at = text.indexOf('IMPROV\x01\x03');
        const length = held[at + 8];
        if (at < 0 || length === undefined || held.length < at + 10 + length) return;
        const body = held.slice(at, at + 9 + length);
        const right = held[at + 9 + length] === sum(body);
        held = [];
        for (const [type, data] of right ? answer(body.slice(9)) : BAD_CHECKSUM) send(type, data);
      },
      detach: () => wire.close(),
    };
  }

  /** A central on its service. Values written come in pieces; `notify` names the characteristic by its last digit. */
  attachGatt(notify: (of: number, value: Uint8Array) => void): {
    read(of: number): Promise<Uint8Array>;
    write(value: Uint8Array): void;
  } {
    let held: number[] = [];
    return {
      read: async (of) => {
        if (this.#misbehaviour?.kind === 'silent') return new Promise(() => undefined);
        // State, and among its capabilities that it tells of itself.
        return new Uint8Array(of === 1 ? [this.state] : of === 5 ? [2] : []);
      },
      write: (value) => {
        held.push(...value);
        const length = held[1];
        if (length === undefined || held.length < length + 3) return;
        const command = held.slice(0, length + 2);
        const right = held[length + 2] === sum(command);
        held = [];
        if (this.#misbehaviour?.kind === 'silent') return;
        // Here command 2 makes it blink, and a scan answers once.
        if (command[0] === 2) return;
        for (const [type, data] of right ? this.answer(command) : BAD_CHECKSUM)
          if (type !== 4) notify(type, new Uint8Array(data));
          else if (data[1] !== 0) notify(4, new Uint8Array([...data, sum(data)]));
      },
    };
  }

  /** Each answer as packet type and data. */
  answer(data: readonly number[]): [type: number, data: number[]][] {
    const [command, , ...payload] = data;
    if (this.state === 1 && (command === 1 || command === 4)) return NOT_AUTHORISED;
    if (command === 1) return this.#join(payload);
    if (command === 2) return [[1, [this.state]]];
    if (command === 3) {
      const info = strings(['WLED', '0.15.0', 'ESP32-C3', 'Lamp']);
      return [[4, [3, info.length, ...info]]];
    }
    if (command === 4) {
      const one = strings([this.#ssid, '-52', 'YES']);
      return [
        [4, [4, one.length, ...one]],
        [4, [4, 0]],
      ];
    }
    return [[2, [2]]];
  }

  #join(payload: readonly number[]): [number, number[]][] {
    const [length = 0] = payload;
    const text = (bytes: readonly number[]) => new TextDecoder().decode(new Uint8Array(bytes));
    const ssid = text(payload.slice(1, 1 + length));
    const password = text(payload.slice(2 + length));
    const joined = ssid === this.#ssid && password === this.#password;
    this.state = joined ? 4 : 2;
    return joined
      ? [
          [1, [3]],
          [1, [4]],
          [4, [1, 0]],
        ]
      : [
          [1, [3]],
          [2, [3]],
          [1, [2]],
        ];
  }
}
