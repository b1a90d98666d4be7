import { type Call, DbusConnection } from './dbus-connection.ts';
import { ObjectTree } from './object-tree.ts';
import { Peripheral, type PeripheralOptions } from './peripheral.ts';
import { startPrivateBus } from './private-bus.ts';

const ADAPTER = '/org/bluez/hci0';

export interface FakeBluez {
  /** What the browser's environment must hold. */
  readonly env: Readonly<Record<string, string>>;
  add(options: PeripheralOptions): Peripheral;
  /** Only after the browser has closed: it aborts if its system bus goes first. */
  stop(): void;
}

/**
 * BlueZ's D-Bus face with one adapter on a bus of our own. Chromium's ordinary Linux Bluetooth code talks to it, so
 * everything above a radio is real, and each peripheral lets through what its ATT MTU allows.
 */
export async function startBluez(): Promise<FakeBluez> {
  const bus = await startPrivateBus();
  const tree = new ObjectTree();
  const peripherals: Peripheral[] = [];
  tree.add('/org/bluez', { 'org.bluez.AgentManager1': {}, 'org.bluez.ProfileManager1': {} });
  tree.add(ADAPTER, ADAPTER_INTERFACES);
  const connection = await DbusConnection.own(bus.address, 'org.bluez', (call) => {
    if (/^org\.freedesktop\.DBus\.(Peer|Introspectable)$/.test(call.interface)) return false;
    if (peripherals.some((peripheral) => peripheral.isTooLate(call)) || tree.handle(call)) return true;
    if (!peripherals.some((peripheral) => peripheral.handle(call))) answerAdapter(call, tree, peripherals);
    return true;
  });
  tree.announceOn(connection);
  return {
    env: { DBUS_SYSTEM_BUS_ADDRESS: bus.address },
    add(options) {
      const peripheral = new Peripheral(options, tree);
      peripherals.push(peripheral);
      return peripheral;
    },
    stop() {
      connection.close();
      bus.stop();
    },
  };
}

function answerAdapter(call: Call, tree: ObjectTree, peripherals: readonly Peripheral[]): void {
  // Discovery filters, agents and the like are all agreed to.
  call.answer();
  if (call.member === 'StartDiscovery' || call.member === 'StopDiscovery') {
    const starts = call.member === 'StartDiscovery';
    tree.set(ADAPTER, 'org.bluez.Adapter1', { Discovering: ['b', starts] });
    if (starts) for (const peripheral of peripherals) peripheral.advertise();
  }
}

const ADAPTER_INTERFACES = {
  'org.bluez.Adapter1': {
    Address: ['s', '00:11:22:33:44:55'],
    AddressType: ['s', 'public'],
    Name: ['s', 'fake'],
    Alias: ['s', 'fake'],
    Class: ['u', 0],
    Powered: ['b', true],
    Discoverable: ['b', false],
    DiscoverableTimeout: ['u', 0],
    Pairable: ['b', true],
    PairableTimeout: ['u', 0],
    Discovering: ['b', false],
    UUIDs: ['as', []],
    Modalias: ['s', 'usb:v1D6Bp0246d0540'],
    Roles: ['as', ['central', 'peripheral']],
  },
  'org.bluez.GattManager1': {},
  'org.bluez.LEAdvertisingManager1': {
    ActiveInstances: ['y', 0],
    SupportedInstances: ['y', 4],
    SupportedIncludes: ['as', []],
  },
} as const;
