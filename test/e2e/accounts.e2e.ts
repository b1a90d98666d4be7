// One installation from its first administrator on, each test going on where the one before stopped: so it is long.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plugIn, refreshed, save, troubleOn, typeAndConnect } from '../support/bench-device.ts';
import { commandWords } from '../support/command-words.ts';
import { type FieldApp, rowFor, startFieldApp, tapTo } from '../support/field-app.ts';
import { type OtherBrowser, openBrowser } from '../support/other-browser.ts';
import { PATIENCE } from '../support/patience.ts';
import { readCode } from '../support/read-code.ts';
import { addAuthenticator, type VirtualAuthenticator } from '../support/virtual-authenticator.ts';

const DOMAIN = 'mill-lane.westside.fieldbind.internal';
const MINUTE = 60_000;

let app: FieldApp;
/** How far the server's clock is ahead of this machine's. */
let ahead = 0;
let anna: OtherBrowser;
let phone: Page;
let finger: VirtualAuthenticator;

beforeAll(async () => {
  app = await startFieldApp({ demo: false, clock: { now: () => Date.now() + ahead } });
  anna = await openBrowser();
  phone = await app.open();
  finger = await addAuthenticator(phone);
});

afterAll(async () => {
  await anna?.close();
  expect(app.offences).toEqual([]);
  await app?.close();
});

const heading = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name }).waitFor();
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click();

/** By Anna, on her screens. */
async function invite(name: string, role: string): Promise<string> {
  await tapTo(anna.page, '/people?org=westside');
  await press(anna.page, 'Invite somebody');
  await heading(anna.page, 'Invite somebody');
  await anna.page.fill('#invite-name', name);
  await anna.page.click(`[data-role=${role}]`);
  await press(anna.page, 'Make the link');
  await heading(anna.page, `Invitation for ${name}`);
  return anna.page.inputValue('#made-link');
}

const strip = (page: Page, text: string | RegExp) => page.locator('.strip', { hasText: text }).waitFor();

describe('the first administrator', () => {
  it('comes in by the link that the server prints, and makes a passkey in place of a password', async () => {
    const { page } = anna;
    const link = app.server.running.setUpLink ?? '';
    await page.goto(link);
    await heading(page, 'Set up this installation');
    // Neither the address bar nor the browser's history shows the secret.
    expect(new URL(page.url()).hash).toBe('');
    await page.reload();
    await heading(page, 'Set up this installation');
    await page.fill('#join-name', 'Anna Berg');
    await page.fill('#join-org', 'Westside Énergie');
    await expect.poll(() => page.inputValue('#join-short')).toBe('westside-energie');
    await page.fill('#join-short', 'westside');
    await press(page, 'Make a passkey');
    await heading(page, 'Hello, Anna');
    expect(await anna.authenticator.count()).toBe(1);
  });

  it('reads on the first screen what to do next, until there is a domain', async () => {
    const { page } = anna;
    const steps = page.locator('[data-section=first-steps]');
    await steps.getByRole('heading', { name: 'Next, for Westside Énergie' }).waitFor();
    const [domain = '', list = ''] = await steps.locator('code').allTextContents();
    expect(commandWords(domain).slice(0, 3)).toEqual(['domain', 'create', DOMAIN]);
    expect(commandWords(list)).toEqual(expect.arrayContaining(['list', 'import', '--org', 'westside']));
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: app.server.url });
    await steps
      .getByRole('button', { name: /^Copy the command/ })
      .first()
      .click();
    await steps.getByText('Copied.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(domain);
    // Nothing changed: they stay.
    await press(page, 'Look again');
    await expect.poll(() => steps.getByRole('button', { name: 'Look again' }).isEnabled()).toBe(true);
    await steps.waitFor();
    expect(await app.server.fieldbind(...commandWords(domain))).toMatchObject({ code: 0 });
    await press(page, 'Look again');
    await steps.waitFor({ state: 'detached' });
  });

  it('was the only one: the link is used up, and says so', async () => {
    await phone.goto(app.server.running.setUpLink ?? '');
    expect(await troubleOn(phone)).toBe('invitation_used');
  });
});

describe('an invited installer', () => {
  it('reads who invites her to what and what she may do there', async () => {
    await phone.goto(await invite('Ines Okafor', 'installer'));
    await heading(phone, 'You are invited');
    await phone.getByText('Anna Berg invites you to Westside Énergie as an installer.').waitFor();
    const rights = await phone.locator('[data-rights=installer] li').allTextContents();
    expect(rights).toContain('Bind devices, write their certificates and correct where they stand.');
    expect(rights.join()).not.toMatch(/Invite people|Suspend/);
  });

  it('is told what to do when she was not verified, and never that she was wrong', async () => {
    await finger.verify(false);
    await press(phone, 'Make a passkey and join');
    expect(await troubleOn(phone)).toBe('passkey_not_used');
    expect(await finger.count()).toBe(0);
    await finger.verify(true);
    await press(phone, 'Make a passkey and join');
    await heading(phone, 'Hello, Ines');
  });

  it('binds a device without signal, and sends it', async () => {
    const { device, unplug } = await plugIn(app);
    await app.server.importList('westside', [rowFor(device)]);
    await refreshed(phone, 'westside');
    await tapTo(phone, '/ready');
    await heading(phone, 'Ready to work offline');
    await phone.context().setOffline(true);
    await tapTo(phone, '/bind');
    await typeAndConnect(phone, device.label);
    await press(phone, 'Go on');
    await save(phone, DOMAIN);
    await heading(phone, 'Saved on this phone');
    await phone.context().setOffline(false);
    await heading(phone, 'Bound');
    await unplug();
  });

  it('signs in with nothing but her passkey, and comes back to where she was', async () => {
    await tapTo(phone, '/more');
    await press(phone, 'Sign out');
    await strip(phone, 'Signed out');
    await tapTo(phone, '/places');
    await heading(phone, 'Places');
    await phone.evaluate(() => {
      const link = document.createElement('a');
      link.href = '/sign-in';
      document.body.append(link);
      link.click();
    });
    await finger.verify(false);
    await press(phone, 'Sign in with a passkey');
    expect(await troubleOn(phone)).toBe('passkey_not_used');
    await finger.verify(true);
    await press(phone, 'Try again');
    await heading(phone, 'Places');
    await strip(phone, 'Everything is sent');
  });

  it('comes back to none but our own screens, whatever stands in the history', async () => {
    for (const from of ['//evil.example/places', 'https://evil.example/', '/join', '/nowhere']) {
      await phone.goto(new URL('/sign-in', phone.url()).href);
      await phone.evaluate((to) => history.replaceState({ from: to }, '', '/sign-in'), from);
      await press(phone, 'Sign in with a passkey');
      await heading(phone, /^Hello/);
      expect(new URL(phone.url()).pathname).toBe('/');
    }
  });
});

describe('what asks for a fresh sign-in', () => {
  it('is done after the passkey was shown, and loses nothing that was typed', async () => {
    await tapTo(anna.page, '/people?org=westside');
    await press(anna.page, 'Invite somebody');
    await anna.page.fill('#invite-name', 'Sam Petrov');
    await anna.page.click('[data-role=support]');
    ahead += 15 * MINUTE;
    await press(anna.page, 'Make the link');
    const dialog = anna.page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.waitFor();
    await dialog.getByRole('button', { name: 'Not now' }).click();
    expect(await troubleOn(anna.page)).toBe('sign_in_again');
    await expect.poll(() => anna.page.inputValue('#invite-name')).toBe('Sam Petrov');
    await press(anna.page, 'Make the link');
    await anna.authenticator.verify(false);
    await dialog.getByRole('button', { name: 'Use your passkey' }).click();
    await dialog.locator('[data-code=passkey_not_used]').waitFor();
    await anna.authenticator.verify(true);
    await dialog.getByRole('button', { name: 'Use your passkey' }).click();
    await heading(anna.page, 'Invitation for Sam Petrov');
    await expect.poll(() => anna.page.inputValue('#made-link')).toContain('/join#');
  });
});

describe('another phone or computer', () => {
  let tablet: OtherBrowser;

  afterAll(() => tablet?.close());

  it('gets a passkey of its own by the code that the first one shows', async () => {
    await tapTo(phone, '/account');
    await heading(phone, 'My account');
    const only = phone.locator('[data-section=passkeys]');
    await only.getByText('This is your only passkey').waitFor();
    expect(await only.getByRole('button').count()).toBe(0);
    await phone.getByRole('link', { name: 'Add another phone or computer' }).click();
    await heading(phone, 'Add another phone or computer');
    await press(phone, 'Show the code');
    await press(phone, 'Use your passkey');
    await phone.getByText(/Good for \d more minutes/).waitFor();
    const link = await phone.inputValue('#made-link');
    const code = phone.locator('[data-part=invitation-code]');
    expect(await readCode(code.locator('canvas'), code.locator('.label-art'))).toBe(link);

    tablet = await openBrowser();
    await tablet.page.goto(new URL('/', app.server.url).href);
    await press(tablet.page, 'Another way');
    await tablet.page.fill('#invitation-link', 'https://evil.example/join#x');
    await press(tablet.page, 'Open the link');
    expect(await troubleOn(tablet.page)).toBe('code_not_ours');
    await tablet.page.fill('#invitation-link', link);
    await press(tablet.page, 'Open the link');
    await heading(tablet.page, 'Another phone or computer');
    await press(tablet.page, 'Make a passkey here');
    await heading(tablet.page, 'Hello, Ines');
    expect(await tablet.authenticator.count()).toBe(1);
    await tablet.page.goto(link);
    expect(await troubleOn(tablet.page)).toBe('invitation_used');
  });

  it('is listed beside the first one, and each is ended from the other, the last one never', async () => {
    await tapTo(phone, '/account');
    await expect.poll(() => phone.locator('[data-passkey]').count()).toBe(2);
    await phone.locator('[data-session=own]').waitFor();
    await phone.locator('[data-phone=own]').waitFor();
    const theirs = phone.locator('[data-phone=other]');
    await theirs.getByRole('button', { name: /^Lost/ }).click();
    await theirs.getByRole('button', { name: 'It is lost' }).click();
    await phone.getByText('The phone has ended.').waitFor();
    await phone.getByText('1 phone that ended').waitFor();
    await phone.locator('[data-session=other]').getByRole('button', { name: /^End/ }).click();
    await phone.locator('[data-session=other]').waitFor({ state: 'detached' });
    await phone
      .getByRole('button', { name: /^End it/ })
      .last()
      .click();
    await press(phone, 'End this passkey');
    await phone.getByText('This is your only passkey').waitFor();
    await tablet.page.goto(new URL('/sign-in', app.server.url).href);
    await press(tablet.page, 'Sign in with a passkey');
    expect(await troubleOn(tablet.page)).toBe('passkey_unknown');
    // The browser was told, so that it offers it no more.
    await expect.poll(() => tablet.authenticator.count(), { timeout: PATIENCE }).toBe(0);
  });
});

describe('a session that ended', () => {
  it('takes neither a draft nor the screen one is at, and a lost network ends none', async () => {
    const { device, unplug } = await plugIn(app);
    await app.server.importList('westside', [rowFor(device)]);
    await refreshed(phone, 'westside');
    await tapTo(phone, '/bind');
    await typeAndConnect(phone, device.label);
    await press(phone, 'Go on');
    await heading(phone, 'Where is it?');
    await phone.fill('#position', 'Shelf 7');

    // By an administrator, on her screens.
    await tapTo(anna.page, '/people?org=westside');
    await anna.page.locator('[data-operator^=ines]').click();
    await heading(anna.page, 'Ines Okafor');
    await press(anna.page, /^Sign out everywhere/);
    await anna.page.fill('#sessions-because', 'She called: somebody looked over her shoulder');
    await press(anna.page, /^Sign out everywhere/);
    await anna.page.getByText('Signed out everywhere.').waitFor();

    await phone.context().setOffline(true);
    await strip(phone, 'No signal');
    await phone.context().setOffline(false);
    await strip(phone, 'Sign in to send');
    await phone.locator('button.strip').click();
    const dialog = phone.getByRole('dialog', { name: 'You are signed out' });
    await dialog.getByRole('button', { name: 'Use your passkey' }).click();
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => phone.inputValue('#position')).toBe('Shelf 7');
    await save(phone, DOMAIN);
    await heading(phone, 'Bound');
    await unplug();
  });
});

describe('somebody else on a phone with records that were not sent', () => {
  it('hears whose they are before, and does not have them as their own', async () => {
    const link = await invite('Olu Adeyemi', 'installer');
    const { device, unplug } = await plugIn(app);
    await app.server.importList('westside', [rowFor(device)]);
    await refreshed(phone, 'westside');
    // The page's sending is cut, and nothing is sent behind its back.
    const browser = await phone.context().newCDPSession(phone);
    const permission = { permission: { name: 'background-sync' }, origin: app.server.url };
    await browser.send('Browser.setPermission', { ...permission, setting: 'denied' });
    await phone.route('**/api/records', (route) => route.abort());
    await tapTo(phone, '/bind');
    await typeAndConnect(phone, device.label);
    await press(phone, 'Go on');
    await save(phone, DOMAIN);
    await heading(phone, 'Saved on this phone');
    await phone.goto(link);
    await heading(phone, 'You are invited');
    await press(phone, 'I am somebody else');
    await phone.locator('[data-part=others-waiting]', { hasText: '1 record of Ines Okafor waits' }).waitFor();
    await press(phone, 'Make a passkey and join');
    await heading(phone, 'Hello, Olu');
    await phone.locator('[data-section=others]', { hasText: 'Ines Okafor' }).waitFor();
    await tapTo(phone, '/outbox');
    await phone.locator('[data-filter=all]').click();
    expect(await phone.getByText(device.udid).count()).toBe(0);
    // They go with the next sending, signed by Ines.
    await phone.unroute('**/api/records');
    await press(phone, 'Send now');
    await strip(phone, 'Everything is sent');
    await unplug();
  });
});

describe('a copied authenticator', () => {
  it('is told by its counter, and ends for the thief and for its person', async () => {
    const carl = await openBrowser();
    try {
      await carl.page.goto(await invite('Carl Weiss', 'owner'));
      await press(carl.page, 'Make a passkey and join');
      await heading(carl.page, 'Hello, Carl');
      await carl.authenticator.setCounter(40);
      await carl.page.goto(new URL('/sign-in', app.server.url).href);
      await press(carl.page, 'Sign in with a passkey');
      await heading(carl.page, 'Hello, Carl');
      await carl.authenticator.setCounter(3);
      await carl.page.goto(new URL('/sign-in', app.server.url).href);
      await press(carl.page, 'Sign in with a passkey');
      expect(await troubleOn(carl.page)).toBe('passkey_cloned');
      // Nobody can tell whose the open session is, so it has ended too.
      const session = () => carl.page.evaluate(async () => (await fetch('/api/session')).status);
      expect(await session()).toBe(401);
      await carl.authenticator.setCounter(60);
      await carl.page.goto(new URL('/sign-in', app.server.url).href);
      await press(carl.page, 'Sign in with a passkey');
      expect(await troubleOn(carl.page)).toBe('passkey_unknown');
    } finally {
      await carl.close();
    }
  });
});

describe('an administrator', () => {
  it('gives another role, takes somebody out, and never the last administrator', async () => {
    const { page } = anna;
    await tapTo(page, '/people?org=westside');
    await page.locator('[data-operator^=olu]').click();
    await heading(page, 'Olu Adeyemi');
    await press(page, 'Change the role');
    await page.click('[data-role=approver]');
    await page.fill('#role-because', 'He decides now');
    // Her last sign-in is too long ago for it.
    ahead += 15 * MINUTE;
    await press(page, /^Change the role/);
    await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
    await press(page, 'Use your passkey');
    await page.getByText('Role changed: Approver').waitFor();
    await press(page, /^Take out/);
    await page.fill('#out-because', 'Left the firm');
    await press(page, /^Take out/);
    await heading(page, 'People');
    await page.locator('[data-operator^=olu]').waitFor({ state: 'detached' });
    await page.locator('[data-operator^=anna]').click();
    await press(page, /^Take out/);
    await page.fill('#out-because', 'Me too');
    await press(page, /^Take out/);
    expect(await troubleOn(page)).toBe('last_administrator');
  });

  it('takes an invitation back, and agrees to no own one', async () => {
    const link = await invite('Nobody Yet', 'owner');
    await tapTo(anna.page, '/people?org=westside');
    const card = anna.page.locator('[data-invited="Nobody Yet"]');
    await card.getByRole('button', { name: /^Take it back/ }).click();
    await card.waitFor({ state: 'detached' });
    const other = await openBrowser();
    try {
      await other.page.goto(link);
      expect(await troubleOn(other.page)).toBe('invitation_over');
      const berta = await invite('Berta Lind', 'administrator');
      await other.page.goto(berta);
      await press(other.page, 'Make a passkey and join');
      await heading(other.page, 'Hello, Berta');
      // Whoever has an administrator's passkeys has all that one may: two agree.
      await tapTo(anna.page, '/people?org=westside');
      await anna.page.locator('[data-operator^=berta]').click();
      await press(anna.page, 'Make a new invitation');
      await anna.page.getByText('It works once a second administrator has agreed').waitFor();
      const recovery = await anna.page.inputValue('#made-link');
      await other.page.goto(recovery);
      expect(await troubleOn(other.page)).toBe('invitation_waits');
      await tapTo(anna.page, '/people?org=westside');
      await anna.page
        .locator('[data-invited="Berta Lind"]')
        .getByRole('button', { name: /^Agree/ })
        .click();
      expect(await troubleOn(anna.page)).toBe('own_request');
    } finally {
      await other.close();
    }
  });
});
