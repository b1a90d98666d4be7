import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choosePlace, plugIn, plugInListed, typeAndConnect, typeLabel } from '../support/bench-device.ts';
import { type FieldApp, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { handsAndEars } from '../support/hands-and-ears.ts';
import { OAK_STREET } from '../support/server.ts';

// Who uses neither finger nor eye: every key reaches what a tap does, and every screen says its name.
let app: FieldApp;
let page: Page;
let person: Awaited<ReturnType<typeof handsAndEars>>;

beforeAll(async () => {
  app = await startFieldApp();
  await signInAndPrepare(await app.open(), 'ines');
  page = app.page();
  person = await handsAndEars(page);
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app?.close();
});

type Name = string | RegExp;
const heading = (name: Name) => person.heading(name);
const tabTo = (name: Name) => person.tabTo(name);
const press = (name: Name) => person.press(name);
const soundsLike = (name: Name, isFocused?: boolean) => person.soundsLike(name, isFocused);
const follow = (path: string) => person.follow(path);

it('binds a device by keyboard alone, from Home to saved, and goes on with the next one', async () => {
  const { device, unplug } = await plugInListed(app);
  await heading(/^Hello/);
  await press('To the buttons of this screen');
  await press('Bind a device');
  await heading('Scan the label');
  await press('Type the code');
  await tabTo('typed-code');
  await page.keyboard.type(device.label);
  await page.keyboard.press('Enter');
  await heading('Connect the device');
  await press(/^Cable/);
  await heading('What this device can do');
  await press(/^Read /);
  await heading(/^All checks/);
  await press('Go on');
  await heading('Where is it?');
  await tabTo('domain-search');
  await page.keyboard.type('oak');
  await page.keyboard.press('Enter');
  await page.locator('[data-pick=site][data-open=yes]').waitFor();
  await tabTo('site-search');
  await page.keyboard.type('roof');
  await page.keyboard.press('Enter');
  await tabTo('position');
  await page.keyboard.type('Cabinet 3');
  await press('Save');
  await heading('Bound');
  const bound = page.locator(`[data-device="${device.udid}"]`);
  await bound.waitFor();
  await press('Next device');
  await heading('Scan the label');
  // The cable is given back before it is pulled.
  await tapTo(page, '/');
  await unplug();
});

describe('a screen reader hears the heading after each navigation, and names that are not mixed up', () => {
  let udid: string;

  beforeAll(async () => {
    // Two of everything: what is called alike would be called so twice.
    for (const n of [1, 2]) {
      const { device, unplug } = await plugInListed(app);
      ({ udid } = device);
      await page.getByRole('button', { name: 'Bind a device' }).click();
      await typeAndConnect(page, device.label);
      await page.getByRole('button', { name: 'Go on' }).click();
      await choosePlace(page, OAK_STREET, n === 1 ? 'roof' : 'floor-1');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await heading('Bound');
      await tapTo(page, '/');
      await unplug();
    }
    for (const _ of [1, 2]) {
      const { device, unplug } = await plugIn(app);
      await tapTo(page, '/bind');
      await typeAndConnect(page, device.label);
      await page.getByRole('button', { name: 'Submit as found' }).click();
      await page.fill('#because', 'Seen on the delivery note');
      await page.getByRole('button', { name: 'Submit as found' }).click();
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await heading('Held');
      await unplug();
    }
    await tapTo(page, '/');
    await heading(/^Hello/);
    await page.locator('[data-section=needs-me]').waitFor();
    await page.locator('[data-section=waits-for-others]').waitFor();
  });

  it.each<readonly [path: string, name: string | RegExp]>([
    ['/places', 'Places'],
    [`/place/northfield/${OAK_STREET}/roof`, 'Roof'],
    ['/', /^Hello/],
    ['/outbox', 'Outbox'],
    ['/more', 'More'],
    ['/ready', 'Ready to work offline'],
    ['/account', 'My account'],
    ['/another-device', 'Add another phone or computer'],
    ['/rescue', 'Copies and hand-over'],
    ['/bench', 'List at the bench'],
    ['/nowhere', /does not exist/],
  ])('%s', async (path, name) => {
    await follow(path);
    await soundsLike(name);
  });

  it('one device, and what is written into it', async () => {
    await follow(`/at/northfield/${udid}`);
    await soundsLike('Bound');
    await follow(`/write/northfield/${udid}`);
    await soundsLike('Write the certificate');
  });

  it('every step of binding', async () => {
    const { device, unplug } = await plugInListed(app);
    await follow('/bind');
    await soundsLike('Scan the label');
    await typeLabel(page, device.label);
    await soundsLike('Connect the device');
    await page.click('[data-link=serial]');
    await soundsLike('What this device can do');
    await page.getByRole('button', { name: /^Read / }).click();
    await soundsLike(/^All checks/);
    await page.getByRole('button', { name: 'Go on' }).click();
    await soundsLike('Where is it?');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await heading('Bound');
    await soundsLike('Bound', false);
    await page.goBack();
    await unplug();
  });

  it('the desk, with more than one to decide, and one device there', async () => {
    await follow('/sign-in');
    await soundsLike('Who are you?');
    await page.click('[data-person=sam]');
    await soundsLike(/^Hello/);
    await follow('/desk');
    await expect.poll(() => page.getByRole('button', { name: /^Approve/ }).count()).toBe(2);
    await soundsLike('Desk');
    await follow('/phones');
    await soundsLike('Phones');
    await follow(`/device/acme/${udid}`);
    await page.locator('[data-section=acts]').waitFor();
    await soundsLike('Device');
  });
});
