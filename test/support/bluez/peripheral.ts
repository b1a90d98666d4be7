import type { Call } from './dbus-connection.ts';
import { type EndpointCharacteristic, EndpointObjects } from './endpoint-objects.ts';
import type { ObjectTree } from './object-tree.ts';

const DEVICE = 'org.bluez.Device1';
const SERVICE = 'org.bluez.GattService1';
const CHARACTERISTIC = 'org.bluez.GattCharacteristic1';
const DESCRIPTOR = 'org.bluez.GattDescriptor1';
/** Client Characteristic Configuration: without it Chromium refuses startNotifications with NotSupportedError. */
const CCCD = '00002902-0000-1000-8000-00805f9b34fb';
const ADAPTER = '/org/bluez/hci0';

/** What stands behind one characteristic with write and notify. */
export interface GattHandler {
  /** A central connected; `notify` sends it a value. */
  connected(notify: (value: Uint8Array) => void): void;
  /** False refuses the value as too long for the link. */
  write(value: Uint8Array): boolean;
  disconnected(): void;
}

export interface PeripheralOptions {
  /** `AA:BB:CC:00:11:22`; also the id in a chooser's prompt. */
  readonly address: string;
  readonly name: string;
  readonly service: string;
  readonly characteristic: string;
  readonly handler: GattHandler;
  /** More characteristics of the same service, each answering its writes to the next read. */
  readonly endpoints?: readonly EndpointCharacteristic[];
}

/** How a link ends: with failed answers and its objects taken away, or with neither answer nor word. */
export type DropKind = 'clean' | 'silent';

/** One Bluetooth device as BlueZ shows it. */
export class Peripheral {
  readonly path: string;
  readonly address: string;
  readonly #options: PeripheralOptions;
  readonly #tree: ObjectTree;
  readonly #endpoints: EndpointObjects;
  readonly #open = new Set<Call>();
  #linked = false;
  /** Leaves the next calls to Connect without an answer. */
  hangsOnConnect = false;

  constructor(options: PeripheralOptions, tree: ObjectTree) {
    this.#options = options;
    this.#tree = tree;
    this.address = options.address;
    this.path = `${ADAPTER}/dev_${options.address.replaceAll(':', '_')}`;
    this.#endpoints = new EndpointObjects(options.endpoints ?? [], tree, this.#service);
  }

  advertise(): void {
    if (this.#tree.has(this.path)) {
      this.#tree.set(this.path, DEVICE, { RSSI: ['n', -50] });
      return;
    }
    const no = ['b', false] as const;
    this.#tree.add(this.path, {
      [DEVICE]: {
        Address: ['s', this.address],
        AddressType: ['s', 'random'],
        Name: ['s', this.#options.name],
        Alias: ['s', this.#options.name],
        Paired: no,
        Bonded: no,
        Trusted: no,
        Blocked: no,
        LegacyPairing: no,
        Connected: no,
        ServicesResolved: no,
        UUIDs: ['as', [this.#options.service]],
        Adapter: ['o', ADAPTER],
        RSSI: ['n', -50],
      },
    });
  }

  /** Ends the link, as when the device goes out of reach. */
  drop(kind: DropKind = 'clean'): void {
    if (!this.#linked) return;
    this.#linked = false;
    // Failed before their objects go: an answer that comes after makes Chromium close the page's Bluetooth pipe.
    for (const call of this.#open) {
      if (call.path === this.path) continue;
      if (kind === 'silent') call.forget();
      else call.refuse('org.bluez.Error.Failed', 'Not connected');
      this.#open.delete(call);
    }
    this.#tree.set(this.path, DEVICE, { ServicesResolved: ['b', false] });
    this.#endpoints.remove();
    for (const path of [`${this.#characteristic}/desc0001`, this.#characteristic, this.#service])
      this.#tree.remove(path);
    this.#tree.set(this.path, DEVICE, { Connected: ['b', false] });
    this.#options.handler.disconnected();
  }

  /**
   * True for a call to what this device showed while it was connected. It is never answered: an error for an object
   * that is gone makes Chromium close the page's Bluetooth pipe, and which calls come too late is a matter of luck.
   */
  isTooLate(call: Call): boolean {
    return !this.#linked && call.path.startsWith(`${this.path}/`);
  }

  /** True if the call was to this device and is or will be answered. */
  handle(call: Call): boolean {
    if (!call.path.startsWith(this.path)) return false;
    this.#open.add(call);
    const answered = this.#endpoints.handle(call);
    if (answered === undefined) this.#answer(call);
    else void answered.then(() => this.#open.delete(call));
    return true;
  }

  #answer(call: Call): void {
    switch (call.member) {
      case 'Connect':
        if (this.hangsOnConnect) return;
        this.#connect();
        break;
      case 'Disconnect':
        this.drop();
        break;
      case 'WriteValue':
        if (!this.#options.handler.write(new Uint8Array(call.body[0] as Uint8Array))) {
          call.refuse('org.bluez.Error.InvalidValueLength', 'beyond the MTU');
        }
        break;
      case 'StartNotify':
      case 'StopNotify':
        this.#tree.set(call.path, CHARACTERISTIC, { Notifying: ['b', call.member === 'StartNotify'] });
        break;
    }
    this.#open.delete(call);
    call.answer();
  }

  #connect(): void {
    this.#linked = true;
    this.#tree.set(this.path, DEVICE, { Connected: ['b', true] });
    this.#tree.add(this.#service, {
      [SERVICE]: {
        UUID: ['s', this.#options.service],
        Device: ['o', this.path],
        Primary: ['b', true],
        Includes: ['ao', []],
      },
    });
    this.#tree.add(this.#characteristic, {
      [CHARACTERISTIC]: {
        UUID: ['s', this.#options.characteristic],
        Service: ['o', this.#service],
        Value: ['ay', Buffer.alloc(0)],
        Notifying: ['b', false],
        Flags: ['as', ['write-without-response', 'notify']],
        MTU: ['q', 247],
      },
    });
    this.#tree.add(`${this.#characteristic}/desc0001`, {
      [DESCRIPTOR]: {
        UUID: ['s', CCCD],
        Characteristic: ['o', this.#characteristic],
        Value: ['ay', Buffer.alloc(2)],
      },
    });
    this.#endpoints.add();
    this.#tree.set(this.path, DEVICE, { ServicesResolved: ['b', true] });
    this.#options.handler.connected((value) => {
      if (this.#linked)
        this.#tree.set(this.#characteristic, CHARACTERISTIC, { Value: ['ay', Buffer.from(value)] });
    });
  }

  get #service(): string {
    return `${this.path}/service0001`;
  }

  get #characteristic(): string {
    return `${this.#service}/char0001`;
  }
}
