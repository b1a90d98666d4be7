import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { answers } from '../own-program.ts';
import { PATIENCE } from '../patience.ts';

export interface PrivateBus {
  /** For DBUS_SYSTEM_BUS_ADDRESS. */
  readonly address: string;
  /** After the browser has gone: Chromium aborts if its system bus closes. */
  stop(): void;
}

/** A D-Bus of our own that a browser takes for the system's. Needs dbus-daemon (Debian package dbus). */
export async function startPrivateBus(): Promise<PrivateBus> {
  const directory = mkdtempSync(join(tmpdir(), 'fieldbind-bus-'));
  const socket = join(directory, 'bus');
  const configuration = join(directory, 'bus.conf');
  writeFileSync(configuration, CONFIGURATION(socket));
  let failure: Error | undefined;
  const daemon: ChildProcess = spawn(
    'dbus-daemon',
    [`--config-file=${configuration}`, '--nofork', '--nopidfile'],
    {
      stdio: 'ignore',
    },
  );
  daemon.once('error', (error) => {
    failure = error;
  });
  const stop = () => {
    daemon.kill();
    rmSync(directory, { recursive: true, force: true });
  };
  // The file is there a moment before anybody listens on it.
  for (let tries = 0; !(await answers(socket)); tries++) {
    if (failure !== undefined || tries > PATIENCE / 25) {
      stop();
      throw new Error('Fake Bluetooth needs dbus-daemon: apt install dbus.', { cause: failure });
    }
    await pause(25);
  }
  return { address: `unix:path=${socket}`, stop };
}

const CONFIGURATION = (socket: string) => `<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
`;
