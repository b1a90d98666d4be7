import { createInterface } from 'node:readline';
import { type DeviceArguments, deviceArguments, USAGE } from './arguments.ts';
import { writeLabel } from './label-image.ts';
import { ArduinoBoard } from './profiles/arduino/arduino-board.ts';
import { type DeviceState, newDeviceState, randomUdid } from './profiles/device-state.ts';
import { EspClaimDevice } from './profiles/esp/esp-device.ts';
import { ImprovDevice } from './profiles/improv/improv-device.ts';
import { randomImeiUdid } from './profiles/nordic/imei.ts';
import { NordicModemDevice } from './profiles/nordic/nordic-modem.ts';
import { ZephyrCredDevice } from './profiles/zephyr-cred.ts';
import { serveProtocommHttp } from './protocomm-http.ts';
import { servePty } from './pty.ts';
import { StateFile } from './state-file.ts';
import { serveUart, type UartDevice } from './uart-sockets.ts';

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return;
  }
  const options = deviceArguments(process.argv.slice(2));
  const file = options.stateDir === undefined ? undefined : new StateFile(options.stateDir);
  const newUdid = options.profile === 'nordic-modem' ? randomImeiUdid : randomUdid;
  const kept = {
    state:
      file === undefined
        ? await newDeviceState(options.udid ?? newUdid(), options.key)
        : await file.load(options.udid, newUdid, options.key),
    ...(options.misbehaviour === undefined ? {} : { misbehaviour: options.misbehaviour }),
    onState: (state: DeviceState) => file?.save(state),
  };
  switch (options.profile) {
    case 'esp-claim':
      return runEsp(await EspClaimDevice.start({ ...kept, firmware: options.esp }), options);
    case 'zephyr-cred':
    case 'smp-files':
      return runUart(await ZephyrCredDevice.start({ ...kept, firmware: options.firmware }), options);
    case 'nordic-modem': {
      const how = options.digestMismatch ? { misbehaviour: { kind: 'digest-mismatch' } as const } : {};
      return runUart(await NordicModemDevice.start({ ...kept, ...how, firmware: options.nordic }), options);
    }
    case 'arduino':
      return runUart(await ArduinoBoard.start(kept), options);
    case 'improv':
      return runUart(new ImprovDevice(kept), options);
  }
}

async function runEsp(device: EspClaimDevice, options: DeviceArguments): Promise<void> {
  const http = await serveProtocommHttp(device, options.http ?? 0);
  if (options.labelFile !== undefined) await writeLabel(options.labelFile, device.label);
  const { udid, label, publicKey } = device;
  console.log(JSON.stringify({ udid, label, publicKey, http: http.at }));
  stopWith(() => http.close());
  takeCommands(device);
}

/** What is said of a device once it is ready; Improv firmware has no identity. */
interface Shown {
  readonly udid?: string;
  readonly label?: string;
  readonly publicKey?: string;
}

async function runUart(device: UartDevice & Shown, options: DeviceArguments): Promise<void> {
  const pty =
    options.pty === undefined ? undefined : await servePty(device, options.pty, options.resetOnOpen);
  const port = options.tcp ?? (options.pty === undefined ? 0 : undefined);
  const tcp = port === undefined ? undefined : await serveUart(device, { port }, options.resetOnOpen);
  const { udid, label, publicKey } = device;
  if (options.labelFile !== undefined && label !== undefined) await writeLabel(options.labelFile, label);
  console.log(JSON.stringify({ udid, label, publicKey, pty: pty?.path, tcp: tcp?.at }));

  stopWith(() => Promise.all([pty?.close(), tcp?.close()]));
  takeCommands(device);
}

/** What the person at the keyboard can do to a device. */
function takeCommands(device: { reset(): void }): void {
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line.trim() === 'reset') device.reset();
    else console.error('Commands: reset');
  });
}

function stopWith(close: () => Promise<unknown>): void {
  const stop = async () => {
    await close();
    process.exit(0);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
