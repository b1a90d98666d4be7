import type { Call } from './dbus-connection.ts';
import type { ObjectTree } from './object-tree.ts';

const CHARACTERISTIC = 'org.bluez.GattCharacteristic1';
const DESCRIPTOR = 'org.bluez.GattDescriptor1';
const USER_DESCRIPTION = '00002901-0000-1000-8000-00805f9b34fb';
/** Client Characteristic Configuration: without it Chromium refuses startNotifications with NotSupportedError. */
const CCCD = '00002902-0000-1000-8000-00805f9b34fb';
/** Around a value in a write, a notification and a prepared write (Bluetooth Core 5.4, vol 3 part F, 3.4.5 to 3.4.7). */
const WRITE_HEADER = 3;
const PREPARED_HEADER = 5;

export interface FakeCharacteristic {
  readonly uuid: string;
  readonly flags: readonly ('read' | 'write' | 'write-without-response' | 'notify')[];
  /** Descriptor 0x2901; none if left out. */
  readonly description?: string;
  /** What a read gives; what the last write gave, if left out. */
  read?(): Uint8Array;
  /** Takes a value and gives what the next read is to give; undefined refuses it. */
  write?(value: Uint8Array): Promise<Uint8Array | undefined>;
}

/** What the air between the two allows. */
export interface Air {
  readonly attMtu: number;
  /** False for firmware that takes no prepared writes: then nothing beyond the MTU reaches it. */
  readonly longWrites?: boolean;
  /** What becomes of a value beyond the MTU without response: BlueZ refuses it, Android cuts it, others lose it. */
  readonly beyondMtu?: 'refused' | 'cut' | 'lost';
}

/** The characteristics of one service as objects on the bus, with the sizes that ATT allows. */
export class GattObjects {
  readonly #characteristics: readonly FakeCharacteristic[];
  readonly #tree: ObjectTree;
  readonly #service: string;
  readonly #air: Air;
  readonly #values = new Map<string, Uint8Array>();
  /** The most that one write needed, counted in prepared writes: 1 fits the MTU. */
  mostPieces = 0;

  constructor(characteristics: readonly FakeCharacteristic[], air: Air, tree: ObjectTree, service: string) {
    this.#characteristics = characteristics;
    this.#air = air;
    this.#tree = tree;
    this.#service = service;
  }

  add(): void {
    this.#values.clear();
    for (const [index, { uuid, flags, description }] of this.#characteristics.entries()) {
      const path = this.#path(index);
      this.#tree.add(path, {
        [CHARACTERISTIC]: {
          UUID: ['s', uuid],
          Service: ['o', this.#service],
          Value: ['ay', Buffer.alloc(0)],
          Notifying: ['b', false],
          Flags: ['as', [...flags]],
          MTU: ['q', this.#air.attMtu],
        },
      });
      if (description !== undefined) this.#describe(path, 1, USER_DESCRIPTION, Buffer.from(description));
      if (flags.includes('notify')) this.#describe(path, 2, CCCD, Buffer.alloc(2));
    }
  }

  remove(): void {
    for (const index of this.#characteristics.keys()) {
      const path = this.#path(index);
      for (const one of [`${path}/desc0001`, `${path}/desc0002`, path]) this.#tree.remove(one);
    }
  }

  /** Only as much as the MTU takes, as a notification has no second part. */
  notify(uuid: string, value: Uint8Array): void {
    const index = this.#characteristics.findIndex((one) => one.uuid === uuid);
    const through = value.subarray(0, this.#air.attMtu - WRITE_HEADER);
    this.#tree.set(this.#path(index), CHARACTERISTIC, { Value: ['ay', Buffer.from(through)] });
  }

  /** Undefined if the call is not to one of these; else it resolves when the call was answered. */
  handle(call: Call): Promise<void> | undefined {
    const index = this.#characteristics.findIndex((_, at) => call.path.startsWith(this.#path(at)));
    const characteristic = this.#characteristics[index];
    if (characteristic === undefined) return undefined;
    switch (call.member) {
      case 'WriteValue':
        return this.#write(call, characteristic);
      case 'ReadValue':
        this.#read(call, characteristic);
        return Promise.resolve();
      case 'StartNotify':
      case 'StopNotify':
        this.#tree.set(call.path, CHARACTERISTIC, { Notifying: ['b', call.member === 'StartNotify'] });
        call.answer();
        return Promise.resolve();
      default:
        return undefined;
    }
  }

  #read(call: Call, { uuid, flags, description, read }: FakeCharacteristic): void {
    if (call.path.endsWith('/desc0001')) {
      call.answer('ay', [Buffer.from(description ?? '')]);
      return;
    }
    const value = Buffer.from(read?.() ?? this.#values.get(uuid) ?? []);
    // Without it Chromium swallows the next notification.
    if (flags.includes('notify')) this.#tree.set(call.path, CHARACTERISTIC, { Value: ['ay', value] });
    call.answer('ay', [value]);
  }

  async #write(call: Call, characteristic: FakeCharacteristic): Promise<void> {
    const [bytes, options] = call.body as readonly [
      Uint8Array,
      { readonly type?: { readonly value: unknown } },
    ];
    const value = this.#delivered(new Uint8Array(bytes), options.type?.value === 'command', call);
    if (value === undefined) return;
    const answer = await characteristic.write?.(value);
    if (answer === undefined) {
      // What BlueZ makes of an ATT error that it has no name for.
      call.refuse('org.bluez.Error.Failed', 'Operation failed with ATT error: 0x04');
      return;
    }
    this.#values.set(characteristic.uuid, answer);
    call.answer();
  }

  /** What of a value gets across; undefined, and the call answered, if nothing does. */
  #delivered(value: Uint8Array, isCommand: boolean, call: Call): Uint8Array | undefined {
    const { attMtu, longWrites = true, beyondMtu = 'refused' } = this.#air;
    const room = attMtu - WRITE_HEADER;
    if (value.length <= room) {
      this.mostPieces = Math.max(this.mostPieces, 1);
      return value;
    }
    if (!isCommand && longWrites) {
      this.mostPieces = Math.max(this.mostPieces, Math.ceil(value.length / (attMtu - PREPARED_HEADER)));
      return value;
    }
    if (isCommand && beyondMtu === 'cut') return value.subarray(0, room);
    if (isCommand && beyondMtu === 'lost') call.answer();
    else
      call.refuse(isCommand ? 'org.bluez.Error.InvalidValueLength' : 'org.bluez.Error.NotSupported', 'MTU');
    return undefined;
  }

  #describe(path: string, number: number, uuid: string, value: Buffer): void {
    this.#tree.add(`${path}/desc000${number}`, {
      [DESCRIPTOR]: { UUID: ['s', uuid], Characteristic: ['o', path], Value: ['ay', value] },
    });
  }

  #path(index: number): string {
    return `${this.#service}/char${String(index + 1).padStart(4, '0')}`;
  }
}
