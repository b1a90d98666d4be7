import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plugIn, save, typeAndConnect } from '../support/bench-device.ts';
import { launchWithDevices, profileWithSerialGrant } from '../support/device-browser.ts';
import { type FieldApp, rowFor, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { HANNA, OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';

// What needs a second person, and what a restart or a wrong address must not break.
let app: FieldApp;
let page: Page;
let sams: BrowserContext;

beforeAll(async () => {
  app = await startFieldApp();
  await signInAndPrepare(await app.open(), 'ines');
  page = app.page();
  sams = await launchWithDevices(
    profileWithSerialGrant(app.server.url),
    {},
    { viewport: { width: 1280, height: 800 } },
  );
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await sams?.close();
  await app?.close();
});

it('goes on after a restart where the installer stopped, with the device read', async () => {
  const { device, unplug } = await plugIn(app);
  await app.server.importList('northfield', [rowFor(device)]);
  await tapTo(page, '/');
  await page.waitForResponse((answer) => answer.url().includes('/api/work-pack?org=training'));
  await tapTo(page, '/bind');
  await typeAndConnect(page, device.label);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.locator('[data-pick=domain]').waitFor();
  await unplug();
  await page.reload();
  await tapTo(page, '/');
  await page.getByRole('link', { name: `Go on with it ${device.udid}` }).click();
  await save(page, OAK_STREET);
  await page.getByRole('heading', { name: 'Bound' }).waitFor();
  await page.getByRole('button', { name: 'Later' }).click();
  await page.locator(`[data-section=needs-me] [data-device="${device.udid}"][data-need=write]`).waitFor();
});

it('lets a colleague at the desk decide what is held, never its author', async () => {
  const { device, unplug } = await plugIn(app);
  const { publicKey: _, ...row } = rowFor(device, { anchor: 'udid-only' });
  await app.server.importList('northfield', [row]);
  await tapTo(page, '/');
  await page.waitForResponse((answer) => answer.url().includes('/api/work-pack?org=training'));
  await tapTo(page, '/bind');
  await typeAndConnect(page, device.label);
  await page.getByRole('button', { name: 'Go on' }).click();
  await save(page, OAK_STREET);
  await page.getByRole('heading', { name: 'Held' }).waitFor();

  const desk = sams.pages()[0] as Page;
  await desk.goto(app.server.url);
  await signInAndPrepare(desk, 'sam');
  await tapTo(desk, '/desk');
  const held = desk.locator('[data-held]', { hasText: device.udid });
  await held.getByText('Captured by Ines Okafor').waitFor();
  await held.getByLabel('Reason').fill('Seen on the delivery note');
  await held.getByRole('button', { name: 'Approve' }).click();
  await desk.locator(`[data-device=${device.udid}]`).getByText('First use').waitFor();
  const overflow = () =>
    desk.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(await overflow()).toBe(0);
  await desk.setViewportSize({ width: 820, height: 1180 });
  expect(await overflow()).toBe(0);

  await tapTo(page, '/outbox');
  await page.getByRole('button', { name: 'Send now' }).click();
  await page.click('[data-filter=all]');
  await page.locator(`[data-device="${device.udid}"][data-need=write]`).waitFor();
  await unplug();
});

it('lets two persons give up what another organisation claims, on a phone too', async () => {
  const device = await makeDevice();
  await app.server.importList('northfield', [rowOf(device)]);
  const [ines, hanna, ada] = [
    await app.server.signIn('ines'),
    await app.server.signIn('hanna'),
    await app.server.signIn('ada'),
  ];
  await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  const claim = registrationOf(device, HANNA);
  await hanna.submit('registration+jws', claim, 'hanna-home');

  const desk = sams.pages()[0] as Page;
  await desk.setViewportSize({ width: 390, height: 844 });
  await tapTo(desk, '/');
  await tapTo(desk, '/desk');
  const card = desk.locator('[data-transfer]', { hasText: device.udid });
  await card.getByText('Hanna').waitFor();
  expect(await card.getByRole('button', { name: 'Keep it' }).isDisabled()).toBe(true);
  await card.getByLabel('Reason').fill('Sold with the house');
  for (const button of await card.getByRole('button').all())
    expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(48);
  expect(
    await desk.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  ).toBe(0);
  await card.getByRole('button', { name: 'Offer to give up' }).click();
  await card.getByText('You offered it.').waitFor();
  expect(await card.getByRole('button', { name: 'Give it up' }).isDisabled()).toBe(true);

  const { transfers } = (await ada.get('/api/transfers?org=northfield')).body as {
    transfers: { id: string; udid: string }[];
  };
  const open = transfers.find(({ udid }) => udid === device.udid);
  const word = { decision: 'give_up', because: 'agreed' };
  await ada.post(`/api/transfers/${open?.id}?org=northfield`, word);
  expect(await hanna.outcome(claim.id, 'hanna-home')).toMatchObject({ outcome: 'bound' });
  await tapTo(desk, '/');
  await tapTo(desk, '/desk');
  await desk.locator(`[data-device=${device.udid}]`).getByText('Revoked').waitFor();
  expect(await desk.locator('[data-transfer]').count()).toBe(0);
});

it('lets support look after a device: found by search, suspended, replaced, revoked', async () => {
  const ines = await app.server.signIn('ines');
  const [device, other, fresh] = [await makeDevice(), await makeDevice(), await makeDevice()];
  await app.server.importList('northfield', [rowOf(device), rowOf(other), rowOf(fresh)]);
  for (const one of [device, other, fresh]) {
    const place = { position: `Mast of ${one.udid}`, photos: [] };
    await ines.submit('registration+jws', registrationOf(one, OAK_STREET, { place }), 'northfield');
  }
  const desk = sams.pages()[0] as Page;
  const open = async (udid: string) => {
    await tapTo(desk, '/');
    await tapTo(desk, '/desk');
    await desk.getByLabel('Find a device').fill(`mast of ${udid}`);
    await desk.locator(`[data-device=${udid}]`).getByRole('link', { name: 'Open' }).click();
    await desk.locator('[data-section=acts]').waitFor();
  };
  const perform = async (act: string, does: string, more: () => Promise<unknown>) => {
    await desk.locator(`[data-act=${act}]`).click();
    const button = desk.getByRole('button', { name: does });
    expect(await button.isDisabled()).toBe(true);
    await desk.getByLabel('Reason').fill('Called in');
    await more();
    await button.click();
  };

  await open(device.udid);
  await perform('suspend', 'Suspend it', () => desk.locator('[data-reason=lost]').click());
  await desk.getByText('Suspended: reported lost').waitFor();
  // Four eyes: whoever reported it lost cannot say that it was found.
  await desk.getByText('Somebody else must say that it was found.').waitFor();
  expect(await desk.locator('[data-act=resume]').isDisabled()).toBe(true);
  await (await app.server.signIn('ada')).post(`/api/devices/acme/${device.udid}?org=northfield`, {
    act: 'resume',
    because: 'found',
  });

  await open(other.udid);
  await perform('replace', 'Replace it', () =>
    desk.getByLabel('The new device').selectOption(`acme ${fresh.udid}`),
  );
  await desk.getByText('Replaced. The new device has its place.').waitFor();
  await desk.getByText('It is bound no more.').waitFor();

  // Somebody else was quicker: said by its code, and the screen shows how it is now.
  await open(device.udid);
  await desk.locator('[data-act=suspend]').click();
  await (await app.server.signIn('ada')).post(`/api/devices/acme/${device.udid}?org=northfield`, {
    act: 'suspend',
    reason: 'maintenance',
    because: 'workshop',
  });
  await desk.getByLabel('Reason').fill('Workshop');
  await desk.locator('[data-reason=maintenance]').click();
  await desk.getByRole('button', { name: 'Suspend it' }).click();
  await desk.locator('[data-code=conflict]').getByText('It is suspended already').waitFor();
  await desk.getByText('Suspended for maintenance').waitFor();

  await perform('revoke', 'Revoke it for good', async () => {
    await desk.locator('[data-reason=stolen]').click();
    expect(await desk.getByRole('button', { name: 'Revoke it for good' }).isDisabled()).toBe(true);
    await desk.getByLabel('To be sure').fill(device.udid.slice(-4));
  });
  await desk.getByText('It stays out until a named person lets it back in.').waitFor();
  await desk.locator(`[data-device=${device.udid}]`).getByText('Revoked', { exact: true }).waitFor();
  expect(
    await desk.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
  ).toBe(0);
});

/** The organisation's binding of this device a thousand times more, each bound later than the one before. */
function bindThousandMore(udid: string): void {
  const file = new Sqlite(join(app.server.data, 'fieldbind.sqlite'));
  file.exec(`
    create temp table many as
      with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000)
      select i, binding.* from n, (select * from bindings where udid = '${udid}') as binding;
    insert into bindings (id, scope, org, domain, site, maker, udid, registration, state, key_digest, unproven, first_use, bound_at, ended_at)
      select id || i, scope, org, domain, null, maker, maker || '-more-' || i, substr(registration, 1, 24) || printf('%012x', i), state, key_digest || i, unproven, first_use,
        strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+' || i || ' seconds'), null from many;
    insert into certificates (serial, issuer, binding, not_before, not_after, fingerprint, der, revoked_at, reason)
      select serial || i, issuer, id || i, not_before, not_after, printf('%064x', i), der, null, null
      from many join certificates on binding = id;`);
  file.close();
}

it('finds a device that is older than the thousand newest', async () => {
  const ines = await app.server.signIn('ines');
  const device = await app.server.listedDevice();
  const place = { site: 'Ängelholm', photos: [] };
  await ines.submit('registration+jws', registrationOf(device, OAK_STREET, { place }), 'northfield');
  bindThousandMore(device.udid);
  const desk = sams.pages()[0] as Page;
  await tapTo(desk, '/');
  await tapTo(desk, '/desk');
  await desk.getByText('50 shown, of more than 999 devices').waitFor();
  expect(await desk.locator(`[data-device=${device.udid}]`).count()).toBe(0);
  await desk.getByLabel('Find a device').fill(device.udid.toUpperCase());
  await desk.getByText('1 shown, of more than 999 devices').waitFor();
  await desk.getByText('Older ones are found by name, domain or site').waitFor();
  // As it was typed: a database need not know what the small letter of this one is.
  await desk.getByLabel('Find a device').fill('Ängelholm');
  await desk.locator(`[data-device=${device.udid}]`).waitFor();
  await desk.locator(`[data-device=${device.udid}]`).getByRole('link', { name: 'Open' }).click();
  await desk.locator('[data-act=retire]').click();
  await desk.getByLabel('Reason').fill('Called in');
  await desk.getByRole('button', { name: 'Retire it' }).click();
  await desk.getByText('Retired. Its certificate is revoked.').waitFor();
  await desk.getByText('It is bound no more.').waitFor();
});

it('says why an address without https cannot work', async () => {
  const port = new URL(app.server.url).port;
  const context = await launchWithDevices(
    profileWithSerialGrant(app.server.url),
    {},
    {
      args: ['--host-resolver-rules=MAP fieldbind.example 127.0.0.1'],
    },
  );
  const plain = context.pages()[0] as Page;
  await plain.goto(`http://fieldbind.example:${port}/`);
  await plain.getByRole('heading', { name: 'This address is not safe enough' }).waitFor();
  await plain.getByText('adb reverse tcp:4600 tcp:4600').waitFor();
  await context.close();
});
