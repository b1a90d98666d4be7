import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvitationLink, OrgPeople } from '../../contract/account.ts';
import { hasRight, RIGHTS } from '../../contract/entitlements.ts';
import { ROLES } from '../../contract/roles.ts';
import { BrowserOf } from '../support/browser-of.ts';
import { handsAndEars } from '../support/hands-and-ears.ts';
import { type OtherBrowser, openBrowser } from '../support/other-browser.ts';
import { sideways, smallTargets, violations } from '../support/readable.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';

// What people and accounts are seen on: readable, sayable and hittable in every theme, and done by keyboard alone.
const MINUTE = 60_000;
const DESK = { width: 1440, height: 900 };
const TABLET = { width: 820, height: 1180 };
const PHONE = { width: 390, height: 844 };

let server: TestServer;
let ahead = 0;
let anna: OtherBrowser;
/** Nobody is signed in here. */
let stranger: OtherBrowser;
let people: OrgPeople;
type Person = Awaited<ReturnType<typeof handsAndEars>>;
let person: Person;

beforeAll(async () => {
  server = await startTestServer({
    ...{ demo: false, clock: { now: () => Date.now() + ahead } },
    // Nothing is sent here: that there is a mail server shows a field for an address.
    mail: {
      ...{ host: 'localhost', port: 25, security: 'none', user: undefined, password: undefined },
      ...{ from: 'fieldbind@field.example.org', trustFile: undefined },
    },
  });
  anna = await openBrowser();
  stranger = await openBrowser();
  person = await handsAndEars(anna.page);
});
afterAll(async () => {
  await anna?.close();
  await stranger?.close();
  await closeFaultless(server);
});

/** Anna, past her screens. Each sign-in gives her another cookie. */
async function byAnna(): Promise<BrowserOf> {
  const api = new BrowserOf(server.url);
  for (const { name, value } of await anna.page.context().cookies()) api.setCookie(name, value);
  return api;
}

async function invited(name: string, role: string): Promise<string> {
  const api = await byAnna();
  const { body } = await api.post('/api/invitations?org=westside', { name, role });
  return (body as InvitationLink).link;
}

const idOf = (name: string) => people.people.find((one) => one.name === name)?.operator ?? '';

async function keysOnly(page: Page): Promise<Person> {
  return page === anna.page ? person : handsAndEars(page);
}

it('sets an installation up by keyboard alone', async () => {
  const { page } = anna;
  await page.goto(server.running.setUpLink ?? '');
  await person.soundsLike('Set up this installation', false);
  await person.tabTo('join-name');
  await page.keyboard.type('Anna Berg');
  await person.tabTo('join-org');
  await page.keyboard.type('Westside');
  await person.press('Make a passkey');
  await person.heading('Hello, Anna');

  // Two of everything: what is called alike would be called so twice.
  for (const [name, role] of [
    ['Ines Okafor', 'installer'],
    ['Berta Lind', 'administrator'],
  ] as const)
    expect(await new BrowserOf(server.url).join(await invited(name, role))).toMatchObject({ status: 200 });
  await invited('Nobody Yet', 'owner');
  const api = await byAnna();
  people = (await api.get('/api/people?org=westside')).body as OrgPeople;
  const lost = { name: 'Berta Lind', operator: idOf('Berta Lind') };
  expect(await api.post('/api/invitations?org=westside', lost)).toMatchObject({ status: 200 });
});

it('invites by keyboard alone, and goes on where a fresh sign-in was asked for', async () => {
  const { page } = anna;
  await person.follow('/people');
  await person.soundsLike('People');
  await person.press('Invite somebody');
  await person.soundsLike('Invite somebody');
  await person.tabTo('invite-name');
  await page.keyboard.type('Olu Adeyemi');
  await person.press('Owner');
  ahead += 15 * MINUTE;
  await person.press('Make the link');
  await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
  // The dialog has the focus and keeps it; Escape leaves it.
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await person.press('Make the link');
  await page.getByRole('dialog').waitFor();
  await person.press('Use your passkey');
  await person.soundsLike('Invitation for Olu Adeyemi');
});

it('says of each role what the table of entitlements gives it, and nothing else', async () => {
  await person.follow('/people');
  await person.heading('People');
  for (const role of ROLES) {
    const list = anna.page.locator(`[data-section=roles] [data-rights=${role}] [data-right]`);
    const said = await list.evaluateAll((items) => items.map((item) => item.getAttribute('data-right')));
    expect([role, said]).toEqual([role, RIGHTS.filter((right) => hasRight(role, right))]);
    expect((await list.allTextContents()).every((text) => /^[A-Z].{15,}\.$/.test(text))).toBe(true);
  }
});

/** Each screen as it is to be looked at, and what it is called. */
type Screen = readonly [name: string, heading: string | RegExp, open: (page: Page) => Promise<unknown>];
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click();
const at = (path: string) => async (page: Page) => page.goto(server.url + path);

const SIGNED_IN: readonly Screen[] = [
  [
    'what comes first',
    'Hello, Anna',
    async (page) => {
      await page.goto(server.url);
      await page.locator('[data-section=first-steps]').waitFor();
    },
  ],
  ['account', 'My account', at('/account')],
  [
    'another phone or computer',
    'Add another phone or computer',
    async (page) => {
      ahead += 15 * MINUTE;
      await page.goto(`${server.url}/another-device`);
      await press(page, 'Show the code');
      await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
      await press(page, 'Use your passkey');
      await page.locator('[data-part=invitation-code]').waitFor();
    },
  ],
  [
    'people',
    'People',
    async (page) => {
      await page.goto(`${server.url}/people`);
      await page.locator('[data-invited]').first().waitFor();
      for (const summary of await page.locator('[data-section=roles] summary').all()) await summary.click();
    },
  ],
  [
    'person',
    'Ines Okafor',
    async (page) => {
      await page.goto(`${server.url}/person/${idOf('Ines Okafor')}`);
      await press(page, 'Change the role');
      await press(page, /^Sign out everywhere/);
    },
  ],
  ['invite', 'Invite somebody', at('/invite')],
  ['join as whom one is', 'You are invited', async (page) => page.goto(await invited('Zoe', 'owner'))],
];
const STRANGER: readonly Screen[] = [
  [
    'sign-in',
    'Who are you?',
    async (page) => {
      await stranger.authenticator.verify(false);
      await page.goto(`${server.url}/sign-in`);
      await press(page, 'Sign in with a passkey');
      await page.locator('[data-code=passkey_not_used]').waitFor();
      await press(page, 'Another way');
      await page.locator('[data-part=ways]').waitFor();
    },
  ],
  ['join', 'You are invited', async (page) => page.goto(await invited('Yves', 'support'))],
  [
    'an invitation that never was',
    'Your invitation',
    async (page) => {
      await page.goto(`${server.url}/join#${'A'.repeat(43)}`);
      await page.locator('[data-code=invitation_unknown]').waitFor();
    },
  ],
];

async function look([name, heading, open]: Screen, page: Page): Promise<void> {
  // A screen is opened anew, not left by a change behind the `#` alone.
  await page.goto('about:blank');
  await open(page);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  const { soundsLike } = await keysOnly(page);
  await soundsLike(heading, false);
  for (const theme of ['light', 'dark', 'sun'])
    for (const size of [PHONE, TABLET, DESK]) {
      await page.setViewportSize(size);
      await page.evaluate((to) => {
        document.documentElement.dataset.theme = to;
      }, theme);
      const where = `${name}, ${theme}, ${size.width}`;
      expect([where, await violations(page)]).toEqual([where, []]);
      expect([where, await smallTargets(page)]).toEqual([where, []]);
      expect([where, ...(await sideways(page))]).toEqual([where, 0]);
    }
  await page.setViewportSize(PHONE);
  await page.evaluate(() => {
    document.documentElement.style.fontSize = '32px';
  });
  expect([name, ...(await sideways(page))]).toEqual([name, 0]);
}

describe('in light, dark and sun, on a phone, a tablet and at a desk, also with large text', () => {
  it.each(SIGNED_IN)('%s', (...screen) => look(screen, anna.page));
  it.each(STRANGER)('%s', (...screen) => look(screen, stranger.page));

  it('the question for a fresh sign-in', async () => {
    ahead += 15 * MINUTE;
    const open = async (page: Page) => {
      await page.goto(`${server.url}/another-device`);
      await press(page, 'Show the code');
      await page.getByRole('dialog').waitFor();
    };
    const { page } = anna;
    await open(page);
    for (const theme of ['light', 'dark', 'sun']) {
      await page.evaluate((to) => {
        document.documentElement.dataset.theme = to;
      }, theme);
      expect([theme, await violations(page)]).toEqual([theme, []]);
      expect([theme, await smallTargets(page)]).toEqual([theme, []]);
    }
  });
});
