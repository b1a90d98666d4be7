import type { Call } from './dbus-connection.ts';
import type { ObjectTree } from './object-tree.ts';

const CHARACTERISTIC = 'org.bluez.GattCharacteristic1';
const DESCRIPTOR = 'org.bluez.GattDescriptor1';
const USER_DESCRIPTION = '00002901-0000-1000-8000-00805f9b34fb';

/** A characteristic that takes a request by a write and gives the answer to the next read. */
export interface EndpointCharacteristic {
  readonly uuid: string;
  /** Descriptor 0x2901; none if left out. */
  readonly description?: string;
  /** Undefined refuses the value. */
  write(value: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Such characteristics as objects of one service on the bus. */
export class EndpointObjects {
  readonly #endpoints: readonly EndpointCharacteristic[];
  readonly #tree: ObjectTree;
  readonly #service: string;
  readonly #values = new Map<string, Uint8Array>();

  constructor(endpoints: readonly EndpointCharacteristic[], tree: ObjectTree, service: string) {
    this.#endpoints = endpoints;
    this.#tree = tree;
    this.#service = service;
  }

  add(): void {
    this.#values.clear();
    for (const [index, { uuid, description }] of this.#endpoints.entries()) {
      const path = this.#path(index);
      this.#tree.add(path, {
        [CHARACTERISTIC]: {
          UUID: ['s', uuid],
          Service: ['o', this.#service],
          Value: ['ay', Buffer.alloc(0)],
          Notifying: ['b', false],
          Flags: ['as', ['read', 'write']],
          MTU: ['q', 247],
        },
      });
      if (description === undefined) continue;
      this.#tree.add(`${path}/desc0001`, {
        [DESCRIPTOR]: {
          UUID: ['s', USER_DESCRIPTION],
          Characteristic: ['o', path],
          Value: ['ay', Buffer.from(description)],
        },
      });
    }
  }

  remove(): void {
    for (const index of this.#endpoints.keys())
      for (const path of [`${this.#path(index)}/desc0001`, this.#path(index)]) this.#tree.remove(path);
  }

  /** Undefined if the call is not to one of these; else it resolves when the call was answered. */
  handle(call: Call): Promise<void> | undefined {
    const index = [...this.#endpoints.keys()].find((at) => call.path.startsWith(this.#path(at)));
    const endpoint = index === undefined ? undefined : this.#endpoints[index];
    if (endpoint === undefined) return undefined;
    if (call.member === 'WriteValue') return this.#write(call, endpoint);
    if (call.member !== 'ReadValue') return undefined;
    const described = call.path.endsWith('/desc0001');
    const value = described ? Buffer.from(endpoint.description ?? '') : this.#values.get(endpoint.uuid);
    call.answer('ay', [Buffer.from(value ?? [])]);
    return Promise.resolve();
  }

  async #write(call: Call, endpoint: EndpointCharacteristic): Promise<void> {
    const answer = await endpoint.write(new Uint8Array(call.body[0] as Uint8Array));
    if (answer === undefined) {
      // What BlueZ makes of an ATT error that it has no name for.
      call.refuse('org.bluez.Error.Failed', 'Operation failed with ATT error: 0x04');
      return;
    }
    this.#values.set(endpoint.uuid, answer);
    call.answer();
  }

  #path(index: number): string {
    return `${this.#service}/char${String(index + 16).padStart(4, '0')}`;
  }
}
