import { toBase64Url } from './base64.ts';
import { DeviceShell } from './device-shell.ts';
import { DeviceMemory, type DeviceState } from './device-state.ts';
import { FileHost } from './file-host.ts';
import { DEFAULT_FIRMWARE, type Firmware, type Misbehaviour } from './firmware.ts';
import { keyMaterialOf } from './key-material.ts';
import { dppLabel } from './label.ts';
import { SmpGroups } from './smp-groups.ts';
import { SmpOnConsole } from './smp-on-console.ts';
import { SmpServer } from './smp-server.ts';
import { UartConsole } from './uart-console.ts';
import { Wire } from './wire.ts';

/** SMP's Bluetooth service and characteristic (Zephyr doc/services/device_mgmt/smp_transport.rst). */
export const GATT_SERVICE = '8d53dc1d-1db7-4cd3-868b-8a527460aa84';
export const GATT_CHARACTERISTIC = 'da2e7828-fbce-4e01-ae9e-261174997c48';

export interface ZephyrCredOptions {
  readonly state: DeviceState;
  readonly firmware?: Partial<Firmware>;
  readonly misbehaviour?: Misbehaviour;
  /** Called with the new state after each change the device would keep over a restart. */
  readonly onState?: (state: DeviceState) => void;
}

/** One attached far end. `send` takes what it writes and resolves when the device has answered it. */
export interface Attachment {
  send(bytes: Uint8Array): Promise<void>;
  detach(): void;
}

/** A Zephyr device as its wires show it. One key, one store; any number of wires. */
export class ZephyrCredDevice {
  readonly udid: string;
  /** What its label says, for a QR code. */
  readonly label: string;
  /** SubjectPublicKeyInfo, base64url, of the key the label names. */
  readonly publicKey: string;
  readonly firmware: Firmware;
  readonly #memory: DeviceMemory;
  readonly #material;
  /** Its file system, where it has one. */
  readonly files: FileHost | undefined;
  #misbehaviour: Misbehaviour | undefined;
  readonly #consoles = new Set<UartConsole>();

  static async start(options: ZephyrCredOptions): Promise<ZephyrCredDevice> {
    const memory = await DeviceMemory.load(options.state, options.onState ?? (() => undefined));
    const firmware = { ...DEFAULT_FIRMWARE, ...options.firmware };
    // nrf_cloud_cred names the device in its request; what the mainline sample writes there is fixed when it is built.
    const commonName = firmware.nrfCloudCred ? options.state.udid : 'zephyr';
    const material = await keyMaterialOf(memory, commonName, options.misbehaviour);
    return new ZephyrCredDevice(memory, firmware, material, options.misbehaviour);
  }

  private constructor(
    memory: DeviceMemory,
    firmware: Firmware,
    material: Awaited<ReturnType<typeof keyMaterialOf>>,
    misbehaviour: Misbehaviour | undefined,
  ) {
    this.#memory = memory;
    this.firmware = firmware;
    this.#material = material;
    this.#misbehaviour = misbehaviour;
    this.files =
      firmware.files === undefined
        ? undefined
        : new FileHost(memory, firmware.files, material.csr, () => this.#misbehaviour);
    this.udid = memory.udid;
    this.label = dppLabel(memory.udid, memory.key);
    this.publicKey = toBase64Url(memory.key.spki);
  }

  get state(): DeviceState {
    return this.#memory.state();
  }

  /** The bytes stored in a slot (`SERV`, `CA`), as the firmware would use them. */
  stored(type: string, tag = this.firmware.secTag): Uint8Array | undefined {
    return this.#memory.get(tag, type);
  }

  /** From now on; the key material it shows was decided at the start. */
  misbehave(how: Misbehaviour | undefined): void {
    this.#misbehaviour = how;
  }

  /** The reset button: every attached console sees the boot again. */
  reset(): void {
    for (const console of this.#consoles) console.boot();
  }

  /** A cable on its UART. Nothing is printed until something is sent or the device is reset. */
  attachUart(onBytes: (bytes: Uint8Array) => void, onCut: () => void): Attachment {
    const wire = this.#wire(onBytes, onCut);
    const encoder = new TextEncoder();
    const { shell, groups } = this.#software();
    // A file group on Bluetooth alone would be of no use to Golioth's tools: with files SMP is on the console too.
    const smp = new SmpOnConsole(
      (packet) => groups.answer(packet),
      (bytes) => wire.send(bytes),
      this.firmware.smpBuffer,
    );
    const print = (text: string) => wire.send(encoder.encode(text));
    const withSmp = this.files === undefined ? [] : [smp];
    const console = new UartConsole(shell, this.firmware, this.#material, print, ...withSmp);
    this.#consoles.add(console);
    return {
      send: (bytes) => console.receive(bytes),
      detach: () => {
        wire.close();
        this.#consoles.delete(console);
      },
    };
  }

  /**
   * A Bluetooth central on its SMP characteristic. `write` is false for a value beyond the MTU, which a real link does
   * not deliver.
   */
  attachGatt(
    onNotify: (value: Uint8Array) => void,
    onCut: () => void,
  ): { write(value: Uint8Array): boolean; settled(): Promise<void>; detach(): void } {
    const wire = this.#wire(onNotify, onCut);
    const server = new SmpServer(this.#software().groups, this.firmware, (value) => wire.send(value));
    return {
      write: (value) => server.write(value),
      settled: () => server.settled(),
      detach: () => wire.close(),
    };
  }

  #software(): { readonly shell: DeviceShell; readonly groups: SmpGroups } {
    const shell = new DeviceShell(this.#memory, this.firmware, this.#material, this.#misbehaviour);
    return { shell, groups: new SmpGroups(shell, this.files, this.firmware) };
  }

  #wire(out: (bytes: Uint8Array) => void, cut: () => void): Wire {
    const dropped = () => {
      this.#misbehaviour = undefined;
    };
    return new Wire(out, cut, () => this.#misbehaviour, dropped);
  }
}
