import { afterAll, beforeAll, expect, it } from 'vitest';
import type { InvitationLink } from '../../contract/account.ts';
import { BrowserOf } from '../support/browser-of.ts';
import { type MailBox, startExim } from '../support/exim.ts';
import { handsAndEars } from '../support/hands-and-ears.ts';
import { type OtherBrowser, openBrowser } from '../support/other-browser.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';

// What a person does with their account and an administrator with people's, by keys alone. Setting up and inviting are in
// accounts-looks.
type Keys = Awaited<ReturnType<typeof handsAndEars>>;

let box: MailBox;
let server: TestServer;
let anna: OtherBrowser;
let ines: OtherBrowser;
/** Ines's second one. */
let tablet: OtherBrowser;
let keysOf: { readonly anna: Keys; readonly ines: Keys; readonly tablet: Keys };

beforeAll(async () => {
  box = await startExim();
  const { port, user, password, trustFile } = box;
  server = await startTestServer({
    demo: false,
    mail: {
      ...{ host: 'localhost', port, security: 'starttls', user, password, trustFile },
      from: 'fieldbind@field.example.org',
    },
  });
  [anna, ines, tablet] = [await openBrowser(), await openBrowser(), await openBrowser()];
  keysOf = {
    anna: await handsAndEars(anna.page),
    ines: await handsAndEars(ines.page),
    tablet: await handsAndEars(tablet.page),
  };
  await anna.page.goto(server.running.setUpLink ?? '');
  await anna.page.fill('#join-name', 'Anna Berg');
  await anna.page.fill('#join-org', 'Westside');
  await anna.page.getByRole('button', { name: 'Make a passkey' }).click();
  await keysOf.anna.heading('Hello, Anna');
});
afterAll(async () => {
  for (const browser of [anna, ines, tablet]) await browser?.close();
  await closeFaultless(server);
  await box?.close();
});

async function invited(name: string): Promise<string> {
  const api = new BrowserOf(server.url);
  for (const { name: cookie, value } of await anna.page.context().cookies()) api.setCookie(cookie, value);
  const { body } = await api.post('/api/invitations?org=westside', { name, role: 'installer' });
  return (body as InvitationLink).link;
}

it('joins', async () => {
  const { press, heading } = keysOf.ines;
  await ines.page.goto(await invited('Ines Okafor'));
  await heading('You are invited');
  await press('Make a passkey and join');
  await heading('Hello, Ines');
});

it('signs out and in by passkey', async () => {
  const { press, heading, follow } = keysOf.ines;
  await follow('/more');
  await heading('More');
  await press('Sign out');
  await press('Sign in as somebody else');
  await heading('Who are you?');
  await press('Sign in with a passkey');
  await heading('More');
  await ines.page.getByRole('button', { name: 'Sign out' }).waitFor();
});

it('adds another phone or computer', async () => {
  const { press, heading, follow } = keysOf.ines;
  await follow('/account');
  await heading('My account');
  await press('Add another phone or computer');
  await heading('Add another phone or computer');
  await press('Show the code');
  const link = await ines.page.inputValue('#made-link');
  const there = keysOf.tablet;
  await tablet.page.goto(server.url);
  await there.heading('Who are you?');
  await there.press('Another way');
  await there.tabTo('invitation-link');
  await tablet.page.keyboard.type(link);
  await there.press('Open the link');
  await there.heading('Another phone or computer');
  await there.press('Make a passkey here');
  await there.heading('Hello, Ines');
});

/** Ines's own screen, among Anna's. */
async function openInes(): Promise<void> {
  const { press, heading, follow } = keysOf.anna;
  await follow('/people');
  await heading('People');
  await anna.page.locator('[data-operator^=ines]').waitFor();
  await press(/^Ines Okafor/);
  await heading('Ines Okafor');
}

it('gives another role', async () => {
  const { press, tabTo } = keysOf.anna;
  await openInes();
  await press('Change the role');
  await press('Owner');
  await tabTo('role-because');
  await anna.page.keyboard.type('She owns the house now');
  await press('Change the role Ines Okafor');
  await anna.page.getByText('Role changed: Owner').waitFor();
});

it('ends a phone', async () => {
  const { press, tabTo } = keysOf.anna;
  const phones = anna.page.locator('[data-phone]');
  await expect.poll(() => phones.count()).toBe(2);
  const kid = (await phones.first().getAttribute('data-phone')) ?? '';
  const end = `End this phone ${kid.slice(0, 8)}`;
  await press(end);
  await tabTo(`phone-${kid}-because`);
  await anna.page.keyboard.type('Left in a taxi');
  await press(end);
  await anna.page.getByText('The phone has ended.').waitFor();
});

it('lets in again who lost all passkeys', async () => {
  const { press, heading } = keysOf.tablet;
  await keysOf.anna.press('Make a new invitation');
  await tablet.page.goto(await anna.page.inputValue('#made-link'));
  await heading('A new passkey for you');
  await press('Make a new passkey');
  await heading('Hello, Ines');
});

it('takes an invitation back', async () => {
  const { press, heading, follow } = keysOf.anna;
  await invited('Nobody Yet');
  await follow('/people');
  await heading('People');
  await anna.page.locator('[data-invited="Nobody Yet"]').waitFor();
  await press('Take it back Nobody Yet');
  await anna.page.getByText('Taken back: Nobody Yet').waitFor();
});

it('says what one wants to be told of, and where', async () => {
  const { press, tabTo, heading, follow } = keysOf.anna;
  const { page } = anna;
  await follow('/account');
  await heading('My account');
  await page.locator('#notice-address').waitFor();
  await tabTo('notice-address');
  await page.keyboard.type('anna@example.org');
  await press('Send a code there');
  const [mail] = await box.reached(1);
  await page.locator('#notice-code').waitFor();
  await tabTo('notice-code');
  await page.keyboard.type(/\b\d{8}\b/.exec(mail?.text ?? '')?.[0] ?? '');
  await press('Confirm the address');
  await page.getByText('Mail goes to anna@example.org.').waitFor();
  await press('By mail Somebody tries to come in');
  const way = page.locator('[data-wish=alarm] [data-way=mail]');
  await expect.poll(() => way.getAttribute('aria-pressed')).toBe('true');
});
