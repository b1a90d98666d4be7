import {
  type Call,
  type DbusConnection,
  type Properties,
  type Property,
  variant,
  variants,
} from './dbus-connection.ts';

const MANAGER = 'org.freedesktop.DBus.ObjectManager';
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** Interfaces of one object with their properties. */
export type Interfaces = Readonly<Record<string, Properties>>;

/** Objects on the bus, announced and withdrawn as BlueZ does through ObjectManager and Properties. */
export class ObjectTree {
  readonly #objects = new Map<string, Record<string, Record<string, Property>>>();
  #connection: DbusConnection | undefined;

  announceOn(connection: DbusConnection): void {
    this.#connection = connection;
  }

  has(path: string): boolean {
    return this.#objects.has(path);
  }

  add(path: string, interfaces: Interfaces): void {
    const copy = Object.fromEntries(
      Object.entries(interfaces).map(([name, properties]) => [name, { ...properties }]),
    );
    this.#objects.set(path, copy);
    this.#connection?.signal('/', MANAGER, 'InterfacesAdded', 'oa{sa{sv}}', [path, allVariants(copy)]);
  }

  remove(path: string): void {
    const object = this.#objects.get(path);
    if (!this.#objects.delete(path) || object === undefined) return;
    this.#connection?.signal('/', MANAGER, 'InterfacesRemoved', 'oas', [path, Object.keys(object)]);
  }

  set(path: string, of: string, changed: Properties): void {
    const properties = this.#objects.get(path)?.[of];
    if (properties === undefined) return;
    Object.assign(properties, changed);
    this.#connection?.signal(path, PROPERTIES, 'PropertiesChanged', 'sa{sv}as', [of, variants(changed), []]);
  }

  /** True if the call was ObjectManager's or Properties', or to an object that is not there. */
  handle(call: Call): boolean {
    if (call.interface === MANAGER && call.member === 'GetManagedObjects') {
      const objects = [...this.#objects].map(([path, object]) => [path, allVariants(object)]);
      call.answer('a{oa{sa{sv}}}', [Object.fromEntries(objects)]);
      return true;
    }
    const object = this.#objects.get(call.path);
    if (object === undefined) {
      call.refuse('org.freedesktop.DBus.Error.UnknownObject', call.path);
      return true;
    }
    if (call.interface !== PROPERTIES) return false;
    const [of, name, value] = call.body as readonly [string, string, { signature: string; value: unknown }];
    const property = object[of]?.[name];
    if (call.member === 'GetAll') call.answer('a{sv}', [variants(object[of] ?? {})]);
    else if (call.member === 'Set') {
      call.answer();
      this.set(call.path, of, { [name]: [value.signature, value.value] });
    } else if (property !== undefined) call.answer('v', [variant(property)]);
    else call.refuse('org.freedesktop.DBus.Error.InvalidArgs', name);
    return true;
  }
}

function allVariants(interfaces: Interfaces): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(interfaces).map(([name, properties]) => [name, variants(properties)]),
  );
}
