import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { servePty } from '../../simulator/pty.ts';
import { type AnotherHost, anotherHost } from '../support/another-host.ts';
import { save, typeAndConnect } from '../support/bench-device.ts';
import { commandWords } from '../support/command-words.ts';
import { launchWithDevices, profileWithSerialGrant } from '../support/device-browser.ts';
import { simulatedDevice } from '../support/device-simulated.ts';
import { startFakeSerial } from '../support/fakedev/fake-serial.ts';
import { rowFor, tapTo } from '../support/field-app.ts';
import { PATIENCE } from '../support/patience.ts';
import { type Pebble, startPebble } from '../support/pebble.ts';
import { fieldbind } from '../support/server.ts';
import { addAuthenticator } from '../support/virtual-authenticator.ts';

/**
 * From nothing to a bound device, as a small firm meets it: one command starts a server for everybody, and whoever is on another
 * host has a name, HTTPS, and nothing of this machine.
 */
const NAME = 'bind.fieldbind.test';
const APP = `https://${NAME}/`;
const DOMAIN = 'mill-lane.westside.fieldbind.internal';
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };

let folder: string;
let host: AnotherHost;
let pebble: Pebble;
let server: ChildProcess;
let said = '';
const serial = startFakeSerial();
const browsers: BrowserContext[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-host-'));
  host = anotherHost([NAME]);
  pebble = await startPebble(folder, { address: host.address, listeners: { http: 80, tls: 443 } });
  host.trust(await pebble.root());
  const start = ['tools/with-node.mjs', 'tools/start.ts', '--public', APP, '--email', 'ops@example.test'];
  server = spawn(process.execPath, start, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      FIELDBIND_DATA: join(folder, 'data'),
      FIELDBIND_DATABASE_URL: '',
      FIELDBIND_HOST: host.address,
      FIELDBIND_ACME_DIRECTORY: pebble.directory,
      FIELDBIND_ACME_TRUST: pebble.trustFile,
    },
  });
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
  await hear(/has a certificate until/);
});

afterAll(async () => {
  for (const browser of browsers) await browser.close();
  serial.stop();
  if (server?.exitCode === null) {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
  await pebble?.stop();
  host?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Waits until the server's own process says it. */
function hear(words: RegExp): Promise<string> {
  return vi.waitFor(
    () => {
      if (server.exitCode !== null) throw new Error(`it ended: ${said}`);
      const found = words.exec(said);
      if (found === null) throw new Error(said);
      return found[1] ?? '';
    },
    { timeout: PATIENCE, interval: 100 },
  );
}

/** A browser on the other host, with an authenticator of its own. */
async function openThere(viewport: typeof PHONE): Promise<Page> {
  const profile = profileWithSerialGrant(new URL(APP).origin);
  const env = { ...serial.env, HOME: host.home };
  const browser = await launchWithDevices(profile, env, { viewport, browser: host.browser });
  browsers.push(browser);
  const [page = await browser.newPage()] = browser.pages();
  await addAuthenticator(page);
  return page;
}

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
const press = (page: Page, name: string) => page.getByRole('button', { name }).first().click();

async function command(...words: string[]): Promise<string> {
  const { code, out } = await fieldbind(join(folder, 'data'), words);
  if (code !== 0) throw new Error(out);
  return out;
}

it('is one command, one link, one invitation: then a phone on another host binds a device', async () => {
  const anna = await openThere(DESK);
  await anna.goto(await hear(/(https:\/\/\S+\/join#\S+)/));
  await heading(anna, 'Set up this installation');
  await anna.fill('#join-name', 'Anna Berg');
  await anna.fill('#join-org', 'Westside Energy');
  await anna.fill('#join-short', 'westside');
  await press(anna, 'Make a passkey');
  await heading(anna, 'Hello, Anna');
  // What to do next stands on her first screen, for whoever has read nothing else.
  const commands = await anna.locator('[data-section=first-steps] code').allTextContents();
  const [makeDomain = [], importList = []] = commands.map(commandWords);
  expect(makeDomain).toContain(DOMAIN);
  await command(...makeDomain);
  await tapTo(anna, '/people?org=westside');
  await press(anna, 'Invite somebody');
  await anna.fill('#invite-name', 'Ines Okafor');
  await anna.click('[data-role=installer]');
  await press(anna, 'Make the link');
  await heading(anna, 'Invitation for Ines Okafor');
  const link = await anna.inputValue('#made-link');
  expect(link.startsWith(APP)).toBe(true);

  const device = await simulatedDevice({ udid: 'mac-02c000000001' });
  const list = join(folder, 'list.json');
  writeFileSync(list, JSON.stringify([rowFor(device)]));
  await command(...importList.map((word) => (word === 'list.csv' ? list : word)));

  const phone = await openThere(PHONE);
  await phone.goto(link);
  await press(phone, 'Make a passkey and join');
  await heading(phone, 'Hello, Ines');
  await phone.goto(new URL('/ready', APP).href);
  await heading(phone, 'Ready to work offline');
  expect(await phone.evaluate(() => [isSecureContext, location.host])).toEqual([true, NAME]);
  await install(phone);

  host.cut();
  const pty = await servePty(device, join(serial.directory, 'tty'), true);
  serial.plug(pty.path);
  await phone.waitForFunction(async () => (await navigator.serial.getPorts()).length === 1);
  await phone.reload();
  await tapTo(phone, '/bind');
  await typeAndConnect(phone, device.label);
  await press(phone, 'Go on');
  await save(phone, DOMAIN);
  await heading(phone, 'Saved on this phone');
  host.mend();
  await heading(phone, 'Bound');
  await pty.close();
  expect(await command('devices', '--org', 'westside')).toContain(device.udid);
});

it('leads whoever comes over plain HTTP to HTTPS, and leaves verifiers their lists', async () => {
  const page = await openThere(PHONE);
  await page.goto(`http://${NAME}/places`);
  expect(new URL(page.url()).origin).toBe(new URL(APP).origin);
  const crl = await fetch(`http://${host.address}/crl/westside.crl`);
  expect([crl.status, crl.redirected]).toEqual([200, false]);
});

/** As a person does by the browser's own button; the app's worker and its manifest must allow it. */
async function install(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  expect(installabilityErrors).toEqual([]);
  await session.send('PWA.install', { manifestId: APP });
  const state = await session.send('PWA.getOsAppState', { manifestId: APP });
  expect(state).toHaveProperty('badgeCount');
}
