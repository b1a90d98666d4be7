import { toBase64Url } from '../base64.ts';
import { DeviceMemory, type DeviceState } from '../device-state.ts';
import { Wire } from '../wire.ts';
import type { Attachment } from '../zephyr-cred.ts';
import { AtHost } from './at-host.ts';
import { AtShellConsole } from './at-shell-console.ts';
import { NORDIC_FIRMWARE, type NordicFirmware, type NordicMisbehaviour } from './firmware.ts';
import { SimulatedModem } from './modem.ts';

export interface NordicModemOptions {
  readonly state: DeviceState;
  readonly firmware?: Partial<NordicFirmware>;
  readonly misbehaviour?: NordicMisbehaviour;
  readonly onState?: (state: DeviceState) => void;
}

/**
 * An nRF91 on a cable. The key that its first %KEYGEN "makes" is decided when the device is, so that a list can name it;
 * to the outside it is not there before. After a delete the next %KEYGEN makes another.
 */
export class NordicModemDevice {
  readonly udid: string;
  /** Its label: the bare IMEI. */
  readonly label: string;
  readonly modem: SimulatedModem;
  readonly #memory: DeviceMemory;
  readonly #firmware: NordicFirmware;
  readonly #behaviour: { now: NordicMisbehaviour | undefined };
  /** One for all cables: what a cut session left half typed is still there for the next. */
  readonly #host: AtHost;
  readonly #boots = new Set<() => void>();

  static async start(options: NordicModemOptions): Promise<NordicModemDevice> {
    const memory = await DeviceMemory.load(options.state, options.onState ?? (() => undefined));
    const firmware = { ...NORDIC_FIRMWARE, ...options.firmware };
    const behaviour = { now: options.misbehaviour };
    const modem = await SimulatedModem.make(memory, firmware, () => behaviour.now);
    return new NordicModemDevice(memory, firmware, modem, behaviour);
  }

  private constructor(
    memory: DeviceMemory,
    firmware: NordicFirmware,
    modem: SimulatedModem,
    behaviour: { now: NordicMisbehaviour | undefined },
  ) {
    this.#memory = memory;
    this.#firmware = firmware;
    this.#behaviour = behaviour;
    this.#host = new AtHost(firmware.termination, firmware.lineBuffer);
    this.modem = modem;
    this.udid = memory.udid;
    this.label = modem.imei;
  }

  /** Of the key it has, or makes next. */
  get publicKey(): string {
    return toBase64Url(this.#memory.key.spki);
  }

  get state(): DeviceState {
    return this.#memory.state();
  }

  /** The text stored in a slot (0 CA, 1 certificate, 2 key). */
  stored(type: string, tag = 16_842_753): Uint8Array | undefined {
    return this.#memory.get(tag, type);
  }

  misbehave(how: NordicMisbehaviour | undefined): void {
    this.#behaviour.now = how;
  }

  reset(): void {
    for (const boot of this.#boots) boot();
  }

  attachUart(onBytes: (bytes: Uint8Array) => void, onCut: () => void): Attachment {
    const wire = new Wire(
      onBytes,
      onCut,
      () => (this.#behaviour.now?.kind === 'digest-mismatch' ? undefined : this.#behaviour.now),
      () => this.misbehave(undefined),
    );
    const encoder = new TextEncoder();
    const print = (text: string) => wire.send(encoder.encode(text));
    let commands = 0;
    const run = async (command: string) => {
      const noise = this.#firmware.noise && ++commands % 3 === 0 ? '+CEREG: 2,"0001","01A2D003",7\r\n' : '';
      return noise + (await this.modem.run(command));
    };
    const console = new AtShellConsole(run, print);
    const key = async (byte: number) => {
      if (this.#firmware.shell) return console.take(byte);
      const command = this.#host.take(byte);
      if (command !== undefined) print(await run(command));
    };
    const boot = () => print('*** Booting nRF Connect SDK v2.9.0 ***\r\nThe AT host sample started\r\n');
    this.#boots.add(boot);
    let work: Promise<unknown> = Promise.resolve();
    return {
      send: (bytes) => {
        const mine = work.then(async () => {
          for (const byte of bytes) await key(byte);
        });
        work = mine;
        return mine;
      },
      detach: () => {
        wire.close();
        this.#boots.delete(boot);
      },
    };
  }
}
