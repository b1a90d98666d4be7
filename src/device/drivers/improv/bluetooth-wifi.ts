import { type Bytes, concat } from '../../../../core/bytes.ts';
import type { Timer } from '../../../../core/clock.ts';
import { DeviceError, type WifiNetwork, type WifiState } from '../../../ports/device.ts';
import type { GattCharacteristic, GattLink } from '../../../ports/link.ts';
import { Answers } from '../../protocols/improv/answers.ts';
import {
  checksum,
  improvError,
  infoOf,
  listening,
  NO_ERROR,
  networksIn,
  parseResult,
  RPC,
  rpc,
  wifiSettings,
  wifiState,
} from '../../protocols/improv/improv-rpc.ts';
import { strongestFirst } from '../../protocols/wifi-networks.ts';
import { type Ends, stillOpen, within } from '../../protocols/within.ts';
import type { ImprovInfo, ImprovWifi } from './improv-wifi.ts';

export const IMPROV_SERVICE = '00467768-6228-2272-4663-277478268000';
const characteristicId = (number: number) => `00467768-6228-2272-4663-27747826800${number}`;
const [STATE, ERROR, COMMAND, RESULT, CAPABILITIES] = [1, 2, 3, 4, 5];
/** Bit 1: the firmware answers `info` (ble.md). */
const HAS_INFO = 2;
/** What fits the smallest MTU; the device puts the pieces together by the command's own length (ble.md). */
const PIECE = 20;
const ANSWER_MS = 3_000;
const SCAN_MS = 20_000;
const JOIN_MS = 40_000;

interface Told {
  readonly of: number;
  readonly value: Uint8Array;
}

/** Improv over Bluetooth. Command 2 is `identify` here, so the state is read, never asked for. */
export class BluetoothWifi implements ImprovWifi {
  readonly #characteristics: ReadonlyMap<number, GattCharacteristic>;
  readonly #answers: Answers<Told>;
  readonly #ends: Omit<Ends, 'signal'>;
  readonly #stops: (() => void)[] = [];
  #sent: Promise<unknown> = Promise.resolve();

  /** Undefined if the device has no Improv service. */
  static async open(link: GattLink, clock: Timer, signal: AbortSignal): Promise<BluetoothWifi | undefined> {
    const found = new Map<number, GattCharacteristic>();
    for (const number of [STATE, ERROR, COMMAND, RESULT, CAPABILITIES]) {
      const characteristic = await link.characteristic(IMPROV_SERVICE, characteristicId(number), signal);
      if (characteristic === undefined) return undefined;
      found.set(number, characteristic);
    }
    const step = new BluetoothWifi(found, { clock, lost: link.lost });
    try {
      for (const number of [STATE, ERROR, RESULT]) await step.#subscribe(number, signal);
    } catch (error) {
      step.release();
      throw error;
    }
    return step;
  }

  private constructor(characteristics: ReadonlyMap<number, GattCharacteristic>, ends: Omit<Ends, 'signal'>) {
    this.#characteristics = characteristics;
    this.#ends = ends;
    this.#answers = new Answers(ends);
  }

  async state(signal: AbortSignal): Promise<WifiState> {
    const [value] = await this.#read(STATE, 'improv state', signal);
    const state = wifiState(value);
    if (state === undefined) throw new DeviceError('device_garbage', 'improv state');
    return state;
  }

  async info(signal: AbortSignal): Promise<ImprovInfo> {
    const [capabilities = 0] = await this.#read(CAPABILITIES, 'improv info', signal);
    if ((capabilities & HAS_INFO) === 0) return {};
    const limit = { ms: ANSWER_MS, step: 'improv info', signal };
    return this.#answers.after<ImprovInfo>(
      () => this.#send(rpc(RPC.info), signal),
      (told) => {
        const result = told.of === RESULT ? parseResult(withoutChecksum(told.value)) : undefined;
        return result?.command === RPC.info ? infoOf(result.texts) : failureIn(told);
      },
      limit,
    );
  }

  async scan(signal: AbortSignal): Promise<readonly WifiNetwork[]> {
    await listening(this.state(signal));
    const limit = { ms: SCAN_MS, step: 'improv scan', signal };
    return this.#answers.after<readonly WifiNetwork[]>(
      () => this.#send(rpc(RPC.scan), signal),
      (told) => {
        const result = told.of === RESULT ? parseResult(withoutChecksum(told.value)) : undefined;
        return result?.command === RPC.scan ? strongestFirst(networksIn(result.texts)) : failureIn(told);
      },
      limit,
    );
  }

  async join(ssid: string, password: string, signal: AbortSignal): Promise<void> {
    const limit = { ms: JOIN_MS, step: 'improv join', signal };
    const joined = ({ of, value }: Told) =>
      of === STATE && wifiState(value[0]) === 'joined' ? true : undefined;
    const settings = rpc(RPC.setWifi, wifiSettings(ssid, password));
    await listening(this.state(signal));
    await this.#answers.after(
      () => this.#send(settings, signal),
      (told) => failureIn(told) ?? joined(told),
      limit,
    );
  }

  release(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** What was begun is written to its end, stopped or not: the device would take the next command for the rest of it. */
  #send(command: Uint8Array, signal: AbortSignal): Promise<void> {
    const mine = this.#sent.then(async () => {
      stillOpen({ ...this.#ends, signal }, 'improv command');
      const whole = encodeBluetoothRpc(command);
      for (let at = 0; at < whole.length; at += PIECE)
        await this.#characteristic(COMMAND).write(
          whole.subarray(at, at + PIECE),
          new AbortController().signal,
        );
    });
    this.#sent = mine.catch(() => undefined);
    return mine;
  }

  async #subscribe(number: number, signal: AbortSignal): Promise<void> {
    this.#stops.push(
      await this.#characteristic(number).subscribe(
        (value) => this.#answers.tell({ of: number, value }),
        signal,
      ),
    );
  }

  #read(number: number, step: string, signal: AbortSignal): Promise<Bytes> {
    return within(this.#characteristic(number).read(signal), ANSWER_MS, step, { ...this.#ends, signal });
  }

  #characteristic(number: number): GattCharacteristic {
    const found = this.#characteristics.get(number);
    if (found === undefined) throw new DeviceError('driver_unknown', 'improv service');
    return found;
  }
}

/** The command and, unlike on a cable, the sum of its own bytes. */
export function encodeBluetoothRpc(command: Uint8Array) {
  return concat(command, Uint8Array.of(checksum(command)));
}

/** Empty, and so malformed, if the sum is wrong. */
function withoutChecksum(value: Uint8Array): Uint8Array {
  const body = value.subarray(0, -1);
  return value.at(-1) === checksum(body) ? body : new Uint8Array(0);
}

function failureIn({ of, value }: Told): DeviceError | undefined {
  const [number = NO_ERROR] = value;
  return of === ERROR && number !== NO_ERROR ? improvError(number) : undefined;
}
