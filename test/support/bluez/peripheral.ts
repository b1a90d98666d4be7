import type { Call } from './dbus-connection.ts';
import { type Air, type FakeCharacteristic, GattObjects } from './gatt-objects.ts';
import type { ObjectTree } from './object-tree.ts';

const DEVICE = 'org.bluez.Device1';
const SERVICE = 'org.bluez.GattService1';
const ADAPTER = '/org/bluez/hci0';

export interface PeripheralOptions {
  /** `AA:BB:CC:00:11:22`; also the id in a chooser's prompt. */
  readonly address: string;
  readonly name: string;
  readonly service: string;
  readonly characteristics: readonly FakeCharacteristic[];
  readonly air: Air;
  /** A central connected; `notify` sends it a value of the characteristic named. */
  connected(notify: (uuid: string, value: Uint8Array) => void): void;
  disconnected(): void;
}

/**
 * How a link ends: with failed answers and then its objects taken away; with its objects taken away and no answer ever;
 * or with the answers after the objects, which makes Chromium close the page's Bluetooth pipe.
 */
export type DropKind = 'clean' | 'silent' | 'late';

/** One Bluetooth device as BlueZ shows it. */
export class Peripheral {
  readonly path: string;
  readonly address: string;
  readonly #options: PeripheralOptions;
  readonly #tree: ObjectTree;
  readonly #objects: GattObjects;
  readonly #open = new Set<Call>();
  #linked = false;
  #left = false;
  #isOff = false;
  #onHeld: (() => void) | undefined;
  /** Reads, writes and subscriptions so far. */
  operations = 0;
  #dropsAt = Number.POSITIVE_INFINITY;
  #places: readonly number[] = [];
  /** How often the link fell by `dropAfter`. */
  drops = 0;
  /** So many connections fall before anything came over them, as radios' do (error 0x3E). */
  failsAtFirst = 0;
  /** This connection is one of them; whatever else ends it, the next one is none. */
  #fallsAtOnce = false;

  constructor(options: PeripheralOptions, tree: ObjectTree) {
    this.#options = options;
    this.#tree = tree;
    this.address = options.address;
    this.path = `${ADAPTER}/dev_${options.address.replaceAll(':', '_')}`;
    this.#objects = new GattObjects(options.characteristics, options.air, tree, this.#service);
  }

  advertise(): void {
    if (this.#left) return;
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
    this.#fallsAtOnce = false;
    this.#onHeld = undefined;
    const waiting = [...this.#open].filter((call) => call.path !== this.path);
    for (const call of waiting) this.#open.delete(call);
    const refuse = () => {
      for (const call of waiting) call.refuse('org.bluez.Error.Failed', 'Not connected');
    };
    if (kind === 'clean') refuse();
    if (kind === 'silent') for (const call of waiting) call.forget();
    this.#tree.set(this.path, DEVICE, { ServicesResolved: ['b', false] });
    this.#objects.remove();
    this.#tree.remove(this.#service);
    this.#tree.set(this.path, DEVICE, { Connected: ['b', false] });
    if (kind === 'late') refuse();
    this.#options.disconnected();
  }

  /** The link falls instead of answering the operation with this number from now on; then again, counted from there. */
  dropAfter(...operations: readonly number[]): void {
    const [next = Number.POSITIVE_INFINITY, ...rest] = operations;
    this.#places = rest;
    this.#dropsAt = this.operations + next;
  }

  /** Goes away for good, and advertises no more. */
  leave(): void {
    this.drop();
    this.#left = true;
    this.#tree.remove(this.path);
  }

  /** No call to Connect is answered until it is on again. */
  switchOff(): void {
    this.drop();
    this.#isOff = true;
  }

  /** The calls that waited fail, as in BlueZ when its own wait is over: Chromium sends no new one before. */
  switchOn(): void {
    this.#isOff = false;
    for (const call of [...this.#open].filter(({ member }) => member === 'Connect')) {
      this.#open.delete(call);
      call.refuse('org.bluez.Error.Failed', 'le-connection-abort-by-local');
    }
  }

  /** Answers no read or write any more until the link has ended; resolves when the first one waits. */
  hold(): Promise<void> {
    return new Promise((resolve) => {
      this.#onHeld = resolve;
    });
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
    if (call.path !== this.path && this.#fails()) return true;
    const answered = this.#objects.handle(call);
    if (answered === undefined) this.#answer(call);
    else void answered.then(() => this.#open.delete(call));
    return true;
  }

  #fails(): boolean {
    this.operations += 1;
    if (this.#fallsAtOnce) {
      this.drop();
      return true;
    }
    if (this.operations >= this.#dropsAt) {
      this.drops += 1;
      this.dropAfter(...this.#places);
      this.drop();
      return true;
    }
    this.#onHeld?.();
    return this.#onHeld !== undefined;
  }

  #answer(call: Call): void {
    switch (call.member) {
      case 'Connect':
        if (this.#isOff) return;
        this.#connect();
        this.#fallsAtOnce = this.failsAtFirst > 0;
        if (this.#fallsAtOnce) this.failsAtFirst -= 1;
        break;
      case 'Disconnect':
        this.drop();
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
    this.#objects.add();
    this.#tree.set(this.path, DEVICE, { ServicesResolved: ['b', true] });
    this.#options.connected((uuid, value) => {
      if (this.#linked) this.#objects.notify(uuid, value);
    });
  }

  /** The most pieces that one write so far had to be cut into. */
  get mostPieces(): number {
    return this.#objects.mostPieces;
  }

  get #service(): string {
    return `${this.path}/service0001`;
  }
}
