import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { Claim } from '../../src/device/drivers/esp-claim/claim.ts';
import { askVersion, ProtocommClient } from '../../src/device/protocols/protocomm/client.ts';
import { codeOf } from '../support/device-code.ts';
import { overHttp } from './protocomm-over-http.ts';

const MAIN = new URL('../../simulator/main.ts', import.meta.url).pathname;
const signal = new AbortController().signal;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
const running: Child[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

interface Ready {
  readonly udid: string;
  readonly label: string;
  readonly http?: number;
}

/** The simulator as a person starts it, and the line that it prints once it is ready. */
async function start(args: readonly string[]): Promise<{ readonly child: Child; readonly ready: Ready }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  running.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, ready: JSON.parse(line) as Ready };
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'fieldbind-test-'));
  folders.push(made);
  return made;
}

it.each([
  { profile: 'nordic-modem', kind: /^imei-\d{15}$/ },
  { profile: 'zephyr-cred', kind: /^mac-[0-9a-f]{12}$/ },
])('calls a new device with a state as its label does: $profile', async ({ profile, kind }) => {
  const state = folder();
  const args = ['--profile', profile, '--tcp', '0', '--state', state];
  const { ready } = await start(args);
  expect(ready.udid).toMatch(kind);
  if (profile === 'nordic-modem') expect(`imei-${ready.label}`).toBe(ready.udid);
  expect((await start(args)).ready.udid).toBe(ready.udid);
});

it('presses the reset button of a device without a console too', async () => {
  const { child, ready } = await start(['--profile', 'esp-claim', '--http', '0', '--security', '0']);
  const endpoints = overHttp(ready.http ?? 0);
  const version = await askVersion(endpoints, signal);
  if (version === undefined) throw new Error('no version');
  const claim = new Claim(new ProtocommClient(endpoints, version, undefined, () => undefined));
  await claim.start(signal);
  const help = once(child.stderr, 'data');
  child.stdin.write('reset\nwhat\n');
  // The second is no command: its answer says that the first was carried out.
  expect(String((await help)[0])).toContain('Commands: reset');
  // It starts anew, so that what follows a claim's beginning is out of place.
  expect(await codeOf(claim.request('mac-02a1b2c3d4e5', signal))).toBe('device_refused');
  expect((await claim.start(signal)).platform).toBe('esp32c3');
});
