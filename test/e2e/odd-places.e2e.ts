import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choosePlace, pick, plugInListed, refreshed, typeAndConnect } from '../support/bench-device.ts';
import { type FieldApp, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { HARBOUR, OAK_STREET } from '../support/server.ts';

// Places that are far away, many, or called as nobody expected.
const BERLIN = { latitude: 52.5, longitude: 13.4 };
/** A degree of latitude is 111 km everywhere. */
const FAR = { latitude: BERLIN.latitude - 0.9, longitude: BERLIN.longitude, accuracy: 12 };

let app: FieldApp;
let page: Page;

beforeAll(async () => {
  app = await startFieldApp();
  const at = `${BERLIN.latitude},${BERLIN.longitude}`;
  const said = await app.server.fieldbind(
    'site',
    'add',
    OAK_STREET,
    '--id',
    'roof',
    '--title',
    'Roof',
    '--at',
    at,
  );
  expect(said).toMatchObject({ code: 0 });
  await signInAndPrepare(await app.open(), 'ines');
  page = app.page();
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app?.close();
});

const step = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();
const tap = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();

async function toPlace(): Promise<{ readonly udid: string; unplug(): Promise<void> }> {
  const { device, unplug } = await plugInListed(app);
  await tap('Bind a device');
  await typeAndConnect(page, device.label);
  await tap('Go on');
  await step('Where is it?');
  return { udid: device.udid, unplug };
}

describe('where the phone is', () => {
  it('is asked of nobody who did not ask, and refused it is said what to do, and the device is bound without', async () => {
    await page.context().clearPermissions();
    const { unplug } = await toPlace();
    await choosePlace(page, OAK_STREET, 'roof');
    const part = page.locator('[data-part=location]');
    expect(await part.locator('[role=alert]').count()).toBe(0);
    await tap('Add where I am');
    await part.locator('[data-code=location_denied]').waitFor();
    await expect.poll(() => part.textContent()).toContain('go on without');
    await tap('Save');
    await step('Bound');
    await unplug();
    await tapTo(page, '/');
  });

  it('a hundred kilometres off is said with its distance, and signed as it is where the person goes on', async () => {
    await page.context().grantPermissions(['geolocation'], { origin: app.server.url });
    await page.context().setGeolocation(FAR);
    const { udid, unplug } = await toPlace();
    await choosePlace(page, OAK_STREET, 'roof');
    expect(await page.locator('[data-far]').count()).toBe(0);
    await tap('Add where I am');
    await page.getByText('Where you are, to within 12 m').waitFor();
    await page.locator('[data-far]', { hasText: 'You are 100 km from this site.' }).waitFor();
    // Of another site nothing is known, and at this one nobody is far.
    await pick(page, 'site', '[data-value="floor-1"]');
    await page.locator('[data-far]').waitFor({ state: 'detached' });
    await pick(page, 'site', '[data-value="roof"]');
    await page.locator('[data-far]').waitFor();
    await tap('Leave it out');
    await page.locator('[data-far]').waitFor({ state: 'detached' });
    // What says hardly where it is cannot say that it is far.
    await page.context().setGeolocation({ ...FAR, accuracy: 90_000 });
    await tap('Add where I am');
    await page.getByText('to within 90 km').waitFor();
    expect(await page.locator('[data-far]').count()).toBe(0);
    await tap('Leave it out');
    await page.context().setGeolocation(FAR);
    await tap('Add where I am');
    await page.locator('[data-far]').waitFor();
    await tap('Save');
    await step('Bound');
    await unplug();
    await tapTo(page, `/at/northfield/${udid}`);
    const path = await page.locator('[data-part=records] a').first().getAttribute('href');
    const record = await app.server.running.installation.stores.records.record(path?.split('/').at(-1) ?? '');
    const { latitude, longitude, accuracy: accuracyMetres } = FAR;
    expect(record?.payload).toMatchObject({ place: { location: { latitude, longitude, accuracyMetres } } });
    await tapTo(page, '/');
  });
});

/** As long as a title may be, from right to left, and over two lines. */
const LONG = `Umspannwerk ${'W'.repeat(100)}`;
const HEBREW = 'מבנה 7 (צפון)';
const BROKEN = 'Boiler\n\t  room';

it('sites by names of a hundred letters, from right to left and with line breaks are found, chosen and shown', async () => {
  for (const title of [LONG, HEBREW, BROKEN])
    await app.server.fieldbind('site', 'add', HARBOUR, '--title', title);
  await refreshed(page);
  for (const [words, title] of [
    ['umspann', LONG],
    ['צפון', HEBREW],
    ['boiler room', 'Boiler room'],
  ] as const) {
    const { udid, unplug } = await toPlace();
    await pick(page, 'domain', `[data-value$="/${HARBOUR}"]`);
    await page.locator('[data-pick=site]').waitFor();
    if ((await page.locator('[data-pick=site]').getAttribute('data-open')) === 'no')
      await page.click('#site');
    await page.fill('#site-search', words);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#site').textContent()).toBe(title);
    await page.fill('#position', `${'x'.repeat(100)} ${HEBREW}`);
    expect(await sideways()).toEqual([]);
    await tap('Save');
    await step('Bound');
    await unplug();
    await tapTo(page, `/at/northfield/${udid}`);
    await page.locator('[data-part=place]', { hasText: title }).waitFor();
    for (const path of [`/at/northfield/${udid}`, '/', '/places']) {
      await tapTo(page, path);
      await page.getByText(title).first().waitFor();
      expect(await sideways(), path).toEqual([]);
    }
  }
});

/** What stands out of the screen. */
function sideways(): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('main *')]
      .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .map((one) => one.outerHTML.slice(0, 90)),
  );
}

it('five thousand sites are one search away, and a new one is made among them without signal', async () => {
  const { domains } = app.server.running.installation.stores;
  const there = (await domains.sites(OAK_STREET)).length;
  for (let n = there; n < 4_999; n++)
    await domains.saveSite(OAK_STREET, { id: `flat-${n}`, title: `Flat ${n}` });
  await refreshed(page);
  const { udid, unplug } = await toPlace();
  await pick(page, 'domain', `[data-value$="/${OAK_STREET}"]`);
  if ((await page.locator('[data-pick=site]').getAttribute('data-open')) === 'no') await page.click('#site');
  await page.getByText(/of 5,000 shown/).waitFor();
  expect(await page.locator('[data-pick=site] [role=option]').count()).toBe(50);
  await page.fill('#site-search', 'flat 4998');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('#site').textContent()).toBe('Flat 4998');
  await page.context().setOffline(true);
  await page.click('#site');
  await page.fill('#site-search', 'The very last one');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('#site').textContent()).toBe('The very last one');
  await tap('Save');
  await step('Saved on this phone');
  await page.context().setOffline(false);
  await unplug();
  await tapTo(page, `/at/northfield/${udid}`);
  await page.locator('[data-part=place]', { hasText: 'The very last one' }).waitFor();
  await step('Bound');
});

it('a site that the office gave another name meanwhile shows both names, and a person says which one is right', async () => {
  const { domains } = app.server.running.installation.stores;
  const { unplug } = await toPlace();
  await pick(page, 'domain', `[data-value$="/${HARBOUR}"]`);
  await pick(page, 'site', '[data-value="gate"]');
  await tap('Save');
  await step('Bound');
  await unplug();
  const rename = async (name: string, offices: string) => {
    await page.context().setOffline(true);
    await tapTo(page, `/place/northfield/${HARBOUR}/gate`);
    await tap('Rename this site');
    await page.getByLabel('New name').fill(name);
    await tap('Rename it');
    await page.getByLabel('New name').waitFor({ state: 'detached' });
    await domains.saveSite(HARBOUR, { id: 'gate', title: offices });
    await page.context().setOffline(false);
    await tapTo(page, '/');
    await page
      .locator('.strip', { hasText: /1 name of a site needs? you|and 1 name of a site need you/ })
      .waitFor();
    await page.locator('[data-stuck]').click();
    await page.locator('[data-name=theirs]', { hasText: offices }).waitFor();
    await expect.poll(() => page.locator('[data-name=mine]').textContent()).toBe(name);
  };
  await rename('West gate', 'Old gate');
  await tap('Theirs is right');
  await step(/^Hello/);
  await page.locator('[data-stuck]').waitFor({ state: 'detached' });
  await rename('East gate', 'New gate');
  // A phone that has no room says so, and both names stay to choose from.
  await page.evaluate(() => {
    const { add, put } = IDBObjectStore.prototype;
    const full = () => {
      throw new DOMException('no room', 'QuotaExceededError');
    };
    Object.assign(IDBObjectStore.prototype, { add: full, put: full });
    Object.assign(window, { hasRoom: () => Object.assign(IDBObjectStore.prototype, { add, put }) });
  });
  await tap('Mine is right');
  await page.locator('[data-code=phone_storage_full]').waitFor();
  await page.evaluate('hasRoom()');
  await tap('Mine is right');
  await step(/^Hello/);
  await expect.poll(async () => (await domains.site(HARBOUR, 'gate'))?.title).toBe('East gate');
  await page.locator('[data-stuck]').waitFor({ state: 'detached' });
});
