import { once } from 'node:events';
import dbus, { type Message, type MessageBus } from 'dbus-next';

/** A D-Bus value with its signature. */
export type Property = readonly [signature: string, value: unknown];
export type Properties = Readonly<Record<string, Property>>;

/** A method call as handlers see it. `answer` and `refuse` may be called late, and once. */
export interface Call {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body: readonly unknown[];
  answer(signature?: string, body?: readonly unknown[]): void;
  refuse(name: string, text: string): void;
  /** From now on neither reaches the caller, who waits for ever. */
  forget(): void;
}

/** Our name on the bus and the few things a service does there. */
export class DbusConnection {
  readonly #bus: MessageBus;

  static async own(address: string, name: string, onCall: (call: Call) => boolean): Promise<DbusConnection> {
    const bus = dbus.sessionBus({ busAddress: address });
    await once(bus, 'connect');
    bus.addMethodHandler((message: Message) => onCall(callOf(bus, message)));
    await bus.requestName(name, 0);
    return new DbusConnection(bus);
  }

  private constructor(bus: MessageBus) {
    this.#bus = bus;
  }

  signal(path: string, of: string, member: string, signature: string, body: readonly unknown[]): void {
    this.#bus.send(dbus.Message.newSignal(path, of, member, signature, [...body]));
  }

  close(): void {
    this.#bus.disconnect();
  }
}

export function variants(properties: Properties): Record<string, unknown> {
  const entries = Object.entries(properties);
  return Object.fromEntries(
    entries.map(([name, [signature, value]]) => [name, new dbus.Variant(signature, value)]),
  );
}

export function variant([signature, value]: Property): unknown {
  return new dbus.Variant(signature, value);
}

function callOf(bus: MessageBus, message: Message): Call {
  let over = false;
  const once = (reply: Message) => {
    if (!over) bus.send(reply);
    over = true;
  };
  return {
    path: message.path,
    interface: message.interface,
    member: message.member,
    body: message.body,
    answer: (signature = '', body = []) => once(dbus.Message.newMethodReturn(message, signature, [...body])),
    // The types say a string for the message answered; the library takes the message.
    refuse: (name, text) => once(dbus.Message.newError(message as unknown as string, name, text)),
    forget: () => {
      over = true;
    },
  };
}
