import { rmSync } from 'node:fs';
import type { BrowserContext, Page } from 'playwright-core';
import type { Static } from 'typebox/type';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HeldRecords as HeldSchema } from '../../contract/approval.ts';
import type { DeviceState } from '../../contract/device-state.ts';
import { createDomain } from '../../server/organisations/create-domain.ts';
import { createOrg } from '../../server/organisations/create-org.ts';
import {
  choosePlace,
  connectAndRead,
  pick,
  plugIn,
  plugInListed,
  refreshed,
  typeAndConnect,
  typeLabel,
} from '../support/bench-device.ts';
import { launchWithDevices, profileWithSerialGrant } from '../support/device-browser.ts';
import { type FieldApp, rowFor, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf } from '../support/server-device.ts';

type HeldRecords = Static<typeof HeldSchema>;

// Devices instead of records: where each stands, what it needs and from whom, on every phone of everybody who works there.
let app: FieldApp;
let page: Page;

beforeAll(async () => {
  app = await startFieldApp();
  await signInAndPrepare(await app.open(), 'ines');
  page = app.page();
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app?.close();
});

const heading = (name: string | RegExp, on = page) => on.getByRole('heading', { level: 1, name }).waitFor();
const tap = (name: string | RegExp, on = page) => on.getByRole('button', { name }).click();
const row = (udid: string, on = page) => on.locator(`a[data-device="${udid}"]`);

const listed = (changes: Parameters<typeof rowFor>[1] = {}) => plugInListed(app, changes);

async function bind(label: string, site: string, position: string): Promise<void> {
  await tapTo(page, '/bind');
  await typeAndConnect(page, label);
  await tap('Go on');
  await choosePlace(page, OAK_STREET, site);
  await page.fill('#position', position);
  await tap('Save');
  await heading('Bound');
}

async function atDesk(udid: string): Promise<DeviceState | undefined> {
  const sam = await app.server.signIn('sam');
  const { devices } = (await sam.get(`/api/devices?org=northfield&udid=${udid}`)).body as {
    devices: DeviceState[];
  };
  return devices[0];
}

it('makes a wrong place right, on the phone and at the desk, and keeps what was said before', async () => {
  const { device, unplug } = await listed();
  await bind(device.label, 'basement', 'Shelf 1 (wrong)');
  await unplug();
  await tapTo(page, `/at/northfield/${device.udid}`);
  await tap('Correct its place');
  await pick(page, 'correct-site', '[data-value="roof"]');
  await page.fill('#correct-position', 'Shelf 9 (right)');
  await tap('Correct it');
  await page.locator('[data-part=place]', { hasText: 'Shelf 9 (right)' }).waitFor();
  await expect.poll(async () => (await atDesk(device.udid))?.position).toBe('Shelf 9 (right)');
  const state = await atDesk(device.udid);
  expect([state?.site, state?.siteTitle]).toEqual(['roof', 'Roof']);
  expect(JSON.stringify(state?.places)).toContain('Shelf 1 (wrong)');
  await page.getByText('Corrected on this phone, not decided yet').waitFor({ state: 'detached' });
  await expect
    .poll(() => page.locator('[data-part=place]').textContent())
    .toBe('Oak Street 12, Roof, Shelf 9 (right)');
});

it('moves a device to another domain by its scan, and names where it stood', async () => {
  const { device, unplug } = await listed();
  await bind(device.label, 'basement', 'Cabinet 1');
  await tapTo(page, '/bind');
  await typeLabel(page, device.label);
  await heading('This device is known');
  await tap(/^Move it here/);
  await connectAndRead(page, 'serial');
  await tap('Go on');
  await pick(page, 'domain', '[data-value*="/harbour."]');
  await pick(page, 'site', '[data-value="gate"]');
  await page
    .locator('[data-change=moved]', { hasText: 'Move from Oak Street 12, Basement, plant room' })
    .waitFor();
  await tap('Move it here');
  // This firmware signs nothing of ours, so somebody else must agree before it stands elsewhere.
  await heading('Held');
  await unplug();
  expect((await atDesk(device.udid))?.domain).toMatch(/^oak-street\./);
  const sam = await app.server.signIn('sam');
  const { held } = (await sam.get('/api/approvals?org=northfield')).body as HeldRecords;
  const waiting = held.find(({ udid }) => udid === device.udid);
  expect(waiting?.stands?.domain).toMatch(/^oak-street\./);
  await sam.post(`/api/approvals/${waiting?.record}?org=northfield`, {
    decision: 'approve',
    reason: 'moved house',
  });
  await expect.poll(async () => (await atDesk(device.udid))?.domain).toMatch(/^harbour\./);
  await refreshed(page);
  await row(device.udid).filter({ hasText: 'Harbour depot, Gate house' }).waitFor();
});

it('shows what is held and what is refused first, after a hundred more', async () => {
  const ines = await app.server.signIn('ines');
  const odd = await makeDevice();
  const held = await ines.submit(
    'registration+jws',
    registrationOf(odd, OAK_STREET, { asFound: true }),
    'northfield',
  );
  expect(held.outcome).toBe('held');
  const stranger = await makeDevice();
  await ines.submit('registration+jws', registrationOf(stranger, OAK_STREET), 'northfield');
  for (let n = 0; n < 100; n++) {
    const device = await app.server.listedDevice();
    await ines.submit(
      'registration+jws',
      registrationOf(device, OAK_STREET, { place: { site: 'floor-1', position: `Flat ${n}`, photos: [] } }),
      'northfield',
    );
  }
  await refreshed(page);
  await page.locator('[data-section=waits-for-others]').locator(`[data-device="${odd.udid}"]`).waitFor();
  const mine = page.locator('[data-section=needs-me] a[data-device]');
  await expect.poll(() => mine.first().getAttribute('data-need')).toBe('refused');
  await expect.poll(() => mine.first().getAttribute('data-device')).toBe(stranger.udid);
  await page.locator('.strip', { hasText: /devices? needs? you/ }).waitFor();
  await row(stranger.udid).click();
  await heading('Refused');
  await tap('I have read it');
  // Written before the page is left: another address ends what it is still writing.
  await page.getByRole('button', { name: 'I have read it' }).waitFor({ state: 'detached' });
  await tapTo(page, '/');
  await row(stranger.udid).waitFor({ state: 'detached' });
});

it('finds a device by anything that is printed or said', async () => {
  const { device, unplug } = await listed({ aliases: ['SN 00-42/7'] });
  await bind(device.label, 'floor-2', 'Flat 10');
  await unplug();
  const mac = device.udid.slice(4);
  const spelled = mac.match(/../g)?.join(':').toUpperCase() ?? '';
  for (const words of [device.udid, spelled, mac.slice(-6), 'Meter 42 second', 'flat 10 oak street']) {
    await tapTo(page, '/places');
    await page.fill('#find-device', words);
    await row(device.udid).waitFor();
  }
  await tapTo(page, '/places');
  await page.fill('#find-device', 'no such thing');
  await page.getByText('Nothing is called so.').waitFor();
});

it('goes on with it on a second phone, and the first one waits no more', async () => {
  const { device, unplug } = await listed();
  await bind(device.label, 'basement', 'Cabinet 7');
  await tapTo(page, '/');
  await row(device.udid).waitFor();
  await onAnotherPhone('ines', async (other) => {
    await other.goto(app.server.url);
    await other.locator(`[data-section=needs-me] a[data-device="${device.udid}"]`).click();
    await heading('Write the certificate', other);
    await other.click('[data-link=serial]');
    await heading('Certificate on device', other);
    await other.locator('.strip', { hasNotText: 'Sending' }).waitFor();
    await expect.poll(async () => (await atDesk(device.udid))?.state).toBe('installed');
  });
  await unplug();
  await refreshed(page);
  await row(device.udid).waitFor({ state: 'detached' });
});

it('lets whoever found its certificate gone write it again', async () => {
  const { device, unplug } = await listed();
  await onAnotherPhone('ines', async (other) => {
    await other.evaluate(() => navigator.serviceWorker.ready);
    await tapTo(other, '/bind');
    // What it knows is of before the device was bound.
    await other.context().setOffline(true);
    await bind(device.label, 'roof', 'Mast 3');
    await tap('Write certificate now');
    await heading('Certificate on device');
    await tapTo(page, '/');

    await typeAndConnect(other, device.label);
    await tap('Go on', other);
    await choosePlace(other, OAK_STREET, 'roof');
    await other.fill('#position', 'Mast 3');
    await tap('Save', other);
    await heading('Saved on this phone', other);
    await other.context().setOffline(false);
    await refreshed(other);
    await other.goto(`${app.server.url}/at/northfield/${device.udid}`);
    await tap('Write its certificate again', other);
    await other.click('[data-link=serial]');
    await heading('Certificate on device', other);
    await other.locator('.strip', { hasNotText: 'Sending' }).waitFor();
  });
  await unplug();
});

it('lets a colleague go on with what waits, and says whose it is', async () => {
  const { people } = app.server.running.installation.stores;
  await people.savePerson({
    operator: 'ivan',
    name: 'Ivan Ruiz',
    about: 'Installs',
    demoRole: 'installer',
    revokedAt: null,
  });
  await people.saveMembership('ivan', 'northfield', 'installer');
  const { device, unplug } = await listed();
  await bind(device.label, 'roof', 'Mast');
  // The first phone lets go of the cable.
  await tapTo(page, '/');
  await onAnotherPhone('ivan', async (other) => {
    await other.goto(`${app.server.url}/at/northfield/${device.udid}`);
    await other.getByText('Captured by Ines Okafor').waitFor();
    expect(await other.getByRole('button', { name: 'Undo its registration' }).count()).toBe(0);
    await tap('Write its certificate', other);
    await other.click('[data-link=serial]');
    await heading('Certificate on device', other);
  });
  await unplug();
});

it('works for a second organisation, whose domains stand in the same list', async () => {
  const { installation } = app.server.running;
  await createOrg({ name: 'westside', title: 'Westside Energy', training: false }, installation);
  const name = `mill-lane.westside.${installation.suffix}`;
  const made = await createDomain({ name, org: 'westside', title: 'Mill Lane 4' }, installation);
  expect(made.ok).toBe(true);
  await installation.stores.people.saveMembership('ines', 'westside', 'installer');
  const { device, unplug } = await plugIn(app);
  await app.server.importList('westside', [rowFor(device)]);
  await tapTo(page, '/ready');
  await tap('Refresh');
  await page.getByText('Westside Energy').waitFor();
  await tapTo(page, '/bind');
  await typeAndConnect(page, device.label);
  await tap('Go on');
  await pick(page, 'domain', `[data-value$="/${name}"]`);
  await tap('Save');
  await heading('Bound');
  await tapTo(page, '/');
  await row(device.udid).waitFor();
  await unplug();
});

it('keeps one person’s work from the next on a shared phone', async () => {
  const { device, unplug } = await listed();
  await page.context().setOffline(true);
  await tapTo(page, '/bind');
  await typeAndConnect(page, device.label);
  await tap('Go on');
  await choosePlace(page, OAK_STREET, 'roof');
  await tap('Save');
  await heading('Saved on this phone');
  await unplug();
  await app.stopServer();
  await page.context().setOffline(false);
  await app.bringServerBack();
  // Signed out by the office: what waits is still here.
  await page.context().clearCookies();
  await page.goto(`${app.server.url}/sign-in`);
  await page.locator('[data-person=hanna]').click();
  await heading(/^Hello, Hanna/);
  expect(await row(device.udid).count()).toBe(0);
  expect(await page.locator('main').textContent()).not.toContain('Roof');
});

/** The same cable at another phone, with a profile of its own. */
async function onAnotherPhone(person: string, work: (page: Page) => Promise<void>): Promise<void> {
  const profile = profileWithSerialGrant(app.server.url);
  const context: BrowserContext = await launchWithDevices(
    profile,
    { ...app.serial.env, ...app.bluez.env },
    { viewport: { width: 390, height: 844 } },
  );
  try {
    const other = context.pages()[0] ?? (await context.newPage());
    await other.goto(app.server.url);
    await signInAndPrepare(other, person);
    await work(other);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
