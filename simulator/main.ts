import { createInterface } from 'node:readline';
import { deviceArguments } from './arguments.ts';
import { writeLabel } from './label-image.ts';
import { newDeviceState, randomUdid } from './profiles/device-state.ts';
import { ZephyrCredDevice } from './profiles/zephyr-cred.ts';
import { servePty } from './pty.ts';
import { StateFile } from './state-file.ts';
import { serveUart } from './uart-sockets.ts';

async function main(): Promise<void> {
  const options = deviceArguments(process.argv.slice(2));
  const file = options.stateDir === undefined ? undefined : new StateFile(options.stateDir);
  const device = await ZephyrCredDevice.start({
    state:
      file === undefined ? await newDeviceState(options.udid ?? randomUdid()) : await file.load(options.udid),
    firmware: options.firmware,
    ...(options.misbehaviour === undefined ? {} : { misbehaviour: options.misbehaviour }),
    onState: (state) => file?.save(state),
  });
  const pty =
    options.pty === undefined ? undefined : await servePty(device, options.pty, options.resetOnOpen);
  const port = options.tcp ?? (options.pty === undefined ? 0 : undefined);
  const tcp = port === undefined ? undefined : await serveUart(device, { port }, options.resetOnOpen);
  if (options.labelFile !== undefined) await writeLabel(options.labelFile, device.label);

  const { udid, label, publicKey } = device;
  console.log(JSON.stringify({ udid, label, publicKey, pty: pty?.path, tcp: tcp?.at }));

  const stop = async () => {
    await Promise.all([pty?.close(), tcp?.close()]);
    process.exit(0);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line.trim() === 'reset') device.reset();
    else console.error('Commands: reset');
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
