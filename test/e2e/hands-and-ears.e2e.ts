import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choosePlace, plugIn, plugInListed, typeAndConnect, typeLabel } from '../support/bench-device.ts';
import { type FieldApp, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { OAK_STREET } from '../support/server.ts';

// Who uses neither finger nor eye: every key reaches what a tap does, and every screen says its name.
let app: FieldApp;
let page: Page;
let reader: CDPSession;

beforeAll(async () => {
  app = await startFieldApp();
  await signInAndPrepare(await app.open(), 'ines');
  page = app.page();
  reader = await page.context().newCDPSession(page);
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app?.close();
});

const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();

/** What the focus is on, as it is called, or its id where it is a field. */
const focused = () =>
  page.evaluate(() => {
    const { activeElement: here } = document;
    const name = here?.getAttribute('aria-label') ?? here?.textContent ?? '';
    return here instanceof HTMLInputElement || here?.role === 'listbox' ? here.id : name.trim();
  });

/** Presses Tab until the focus is there; nothing on any screen is further away than this. */
async function tabTo(name: string | RegExp): Promise<void> {
  const passed: string[] = [];
  for (let count = 0; count < 60; count++) {
    await page.keyboard.press('Tab');
    const here = await focused();
    if (typeof name === 'string' ? here === name : name.test(here)) return;
    passed.push(here);
  }
  throw new Error(`no Tab leads to ${name}: ${passed.join(' | ')}`);
}

async function press(name: string | RegExp): Promise<void> {
  await tabTo(name);
  await page.keyboard.press('Enter');
}

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

interface AxNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[];
}

/** What a screen reader has: its headings, what has the focus, and what can be pressed. */
async function heard() {
  const { nodes } = (await reader.send('Accessibility.getFullAXTree')) as { nodes: AxNode[] };
  const seen = nodes.filter(({ ignored }) => !ignored);
  const is = (node: AxNode, property: string) =>
    node.properties?.find(({ name }) => name === property)?.value.value;
  const named = (roles: readonly string[]) => seen.filter(({ role }) => roles.includes(role?.value ?? ''));
  return {
    first: named(['heading']).filter((node) => is(node, 'level') === 1),
    focused: seen.filter((node) => is(node, 'focused') === true && node.role?.value !== 'RootWebArea'),
    pressed: named(['button', 'link', 'checkbox', 'radio', 'textbox', 'combobox', 'option']),
  };
}

/** The heading has the focus and is said, stands alone, and nothing to press is nameless or called as something else is. */
async function soundsLike(name: string | RegExp, isFocused = true): Promise<void> {
  await heading(name);
  await expect.poll(async () => (await heard()).first.length).toBe(1);
  const text = async () => (await heard()).first[0]?.name?.value ?? '';
  await expect.poll(text).toMatch(name);
  const title = await text();
  if (isFocused)
    await expect.poll(async () => (await heard()).focused.map((node) => node.name?.value)).toEqual([title]);
  expect(await page.title()).toBe(`${title} · Fieldbind`);
  const names = (await heard()).pressed.map((node) => (node.name?.value ?? '').trim());
  expect(names.filter((one) => one === '')).toEqual([]);
  expect(names.filter((one, i) => names.indexOf(one) !== i)).toEqual([]);
}

/** A tap on a link of this screen: the app goes there itself, as it does for a person. */
async function follow(path: string): Promise<void> {
  await page.evaluate((to) => {
    const link = document.createElement('a');
    link.href = to;
    document.body.append(link);
    link.click();
    link.remove();
  }, path);
}

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
