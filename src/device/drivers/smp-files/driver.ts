import { DeviceError, type DeviceIdentity, type DeviceSession } from '../../../ports/device.ts';
import type { ByteLink, GattLink, Link } from '../../../ports/link.ts';
import { greet } from '../../protocols/greeting.ts';
import { LineShell } from '../../protocols/line-shell.ts';
import type { Shell } from '../../protocols/shell.ts';
import { SmpClient } from '../../protocols/smp-client.ts';
import { ConsoleSmpCarrier } from '../../protocols/smp-console-carrier.ts';
import { SmpFiles } from '../../protocols/smp-files.ts';
import { SMP_SERVICE } from '../../protocols/smp-gatt.ts';
import { SmpShell } from '../../protocols/smp-shell.ts';
import { Transcript } from '../../protocols/transcript.ts';
import type { Driver, DriverContext } from '../driver.ts';
import { openSmpSession } from '../open-smp.ts';
import { readZephyrIdentity } from '../zephyr-identity.ts';
import { findLayout } from './layout.ts';
import { SMP_FILES, SmpFilesSession } from './session.ts';

const ECHO_MS = 1_000;

/** Zephyr firmware that reads its credentials from files, which SMP's file group writes: on a console and over Bluetooth. */
export const smpFiles: Driver = {
  name: SMP_FILES,
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
  const seen = new Transcript();
  const unhook = link.listen((chunk) => seen.add(chunk));
  const carrier = new ConsoleSmpCarrier(link);
  const release = () => {
    carrier.release();
    unhook();
  };
  let session: DeviceSession | undefined;
  try {
    const shell = new LineShell(link, seen, context.clock);
    // SMP shares the line with Zephyr's shell: without one there is nothing to disturb with our frames.
    if ((await greet(link, SMP_FILES, context.clock, signal)) !== 'shell' || !(await shell.wake(signal)))
      return undefined;
    const client = new SmpClient(carrier, context.clock);
    if (!(await echoes(client, signal))) return undefined;
    session = await openOn(link, client, shell, release, context, signal);
    return session;
  } finally {
    if (session === undefined) release();
  }
}

function onGatt(
  link: GattLink,
  context: DriverContext,
  signal: AbortSignal,
): Promise<DeviceSession | undefined> {
  return openSmpSession(link, context, signal, (client, release) =>
    openOn(link, client, new SmpShell(client), release, context, signal),
  );
}

/** Undefined without the file group. Which files are there is asked here, since what can be installed depends on it. */
async function openOn(
  link: Link,
  client: SmpClient,
  shell: Shell,
  release: () => void,
  context: DriverContext,
  signal: AbortSignal,
): Promise<DeviceSession | undefined> {
  const files = new SmpFiles(client, context.crypto);
  if ((await files.size('/', signal).catch(refusedOnly)) === 'unknown') return undefined;
  const layout = await findLayout(files, signal);
  const identify = (until: AbortSignal) => identityBy(shell, until);
  return new SmpFilesSession({ link, files, layout, identify, release }, context);
}

/** The answer to a question that disturbs nobody (group 0, command 0). */
async function echoes(client: SmpClient, signal: AbortSignal): Promise<boolean> {
  const request = {
    operation: 'write',
    group: 0,
    command: 0,
    body: { d: 'fieldbind' },
    limitMs: ECHO_MS,
  } as const;
  try {
    return (await client.request(request, signal)).get('r') === 'fieldbind';
  } catch (error) {
    if (
      error instanceof DeviceError &&
      ['timed_out', 'device_refused', 'device_garbage'].includes(error.code)
    )
      return false;
    throw error;
  }
}

/** A shell may be absent over Bluetooth: then nothing but its files speaks for this device. */
async function identityBy(shell: Shell, signal: AbortSignal): Promise<DeviceIdentity> {
  try {
    return await readZephyrIdentity(shell, SMP_FILES, signal);
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'device_refused')
      return { driver: SMP_FILES, aliases: [] };
    throw error;
  }
}

/** A folder's name is no file: that it says so shows the group is there. */
function refusedOnly(error: unknown): undefined {
  if (error instanceof DeviceError && error.code === 'device_refused') return undefined;
  throw error;
}
