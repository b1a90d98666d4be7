import type { DeviceSession } from '../../../ports/device.ts';
import type { ByteLink, GattLink } from '../../../ports/link.ts';
import { LineShell } from '../../protocols/line-shell.ts';
import type { Shell } from '../../protocols/shell.ts';
import { SmpClient } from '../../protocols/smp-client.ts';
import { GattSmpCarrier, SMP_SERVICE } from '../../protocols/smp-gatt.ts';
import { SmpShell } from '../../protocols/smp-shell.ts';
import { Transcript } from '../../protocols/transcript.ts';
import type { Driver, DriverContext } from '../driver.ts';
import { CredCommands } from './cred-commands.ts';
import { hasNrfCloudCred } from './nrf-evidence.ts';
import { ZEPHYR_CRED, ZephyrCredSession } from './session.ts';

/** Zephyr firmware with the TLS credentials shell: on a console, or through SMP's shell group over Bluetooth. */
export const zephyrCred: Driver = {
  name: ZEPHYR_CRED,
  bluetoothServices: [SMP_SERVICE],
  detect(link, context, signal) {
    return link.shape === 'bytes' ? onConsole(link, context, signal) : onGatt(link, context, signal);
  },
};

async function onConsole(
  link: ByteLink,
  context: DriverContext,
  signal: AbortSignal,
): Promise<DeviceSession | undefined> {
  const console = new Transcript();
  const release = link.listen((chunk) => console.add(chunk));
  let session: DeviceSession | undefined;
  try {
    const shell = new LineShell(link, console, context.clock);
    if (!(await shell.wake(signal)) || !(await hasCred(shell, signal))) return undefined;
    const nrfCloudCred = await hasNrfCloudCred(shell, signal);
    session = new ZephyrCredSession({ link, shell, console, nrfCloudCred, release }, context);
    return session;
  } finally {
    if (session === undefined) release();
  }
}

async function onGatt(
  link: GattLink,
  context: DriverContext,
  signal: AbortSignal,
): Promise<DeviceSession | undefined> {
  const carrier = await GattSmpCarrier.open(link, signal);
  if (carrier === undefined) return undefined;
  const release = () => carrier.release();
  let session: DeviceSession | undefined;
  try {
    const client = new SmpClient(carrier, context.clock);
    await carrier.grow(client, signal);
    const shell = new SmpShell(client);
    if (!(await hasCred(shell, signal))) return undefined;
    const nrfCloudCred = await hasNrfCloudCred(shell, signal);
    session = new ZephyrCredSession({ link, shell, console: undefined, nrfCloudCred, release }, context);
    return session;
  } finally {
    if (session === undefined) release();
  }
}

async function hasCred(shell: Shell, signal: AbortSignal): Promise<boolean> {
  return (await new CredCommands(shell).listAll(signal)) !== undefined;
}
