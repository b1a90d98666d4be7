import { DeviceError, type DeviceSession } from '../../../ports/device.ts';
import type { ByteLink, GattLink } from '../../../ports/link.ts';
import { greet } from '../../protocols/greeting.ts';
import { LineShell } from '../../protocols/line-shell.ts';
import { SMP_SERVICE } from '../../protocols/smp-gatt.ts';
import { SmpShell } from '../../protocols/smp-shell.ts';
import { Transcript } from '../../protocols/transcript.ts';
import type { Driver, DriverContext } from '../driver.ts';
import { openSmpSession } from '../open-smp.ts';
import { CredCommands } from './cred-commands.ts';
import { hasNrfCloudCred } from './nrf-evidence.ts';
import { holdsKey } from './sec-tag.ts';
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
    if ((await greet(link, zephyrCred.name, context.clock, signal)) !== 'shell') return undefined;
    const list = (await shell.wake(signal)) ? await new CredCommands(shell).listAll(signal) : undefined;
    if (list === undefined) return undefined;
    const nrfCloudCred = await hasNrfCloudCred(shell, signal);
    const opened = { link, shell, console, nrfCloudCred, hasKey: holdsKey(list), list, release };
    session = new ZephyrCredSession(opened, context);
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
  return openSmpSession(link, context, signal, async (client, release) => {
    const shell = new SmpShell(client);
    const list = await new CredCommands(shell).listAll(signal).catch(noShell);
    if (list === undefined) return undefined;
    const nrfCloudCred = await hasNrfCloudCred(shell, signal);
    const opened = { link, shell, console: undefined, nrfCloudCred, hasKey: holdsKey(list), list, release };
    return new ZephyrCredSession(opened, context);
  });
}

/** SMP without its shell group: some other driver's. */
function noShell(error: unknown): undefined {
  if (error instanceof DeviceError && error.code === 'device_refused') return undefined;
  throw error;
}
