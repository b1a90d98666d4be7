import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { troubleOn } from '../support/bench-device.ts';
import { type MailBox, startExim } from '../support/exim.ts';
import { tapTo } from '../support/field-app.ts';
import { type OtherBrowser, openBrowser } from '../support/other-browser.ts';
import { PATIENCE } from '../support/patience.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';

// What a person agrees to be told of, on the screen: by a mail server that is Debian's, and by push as far as a browser without a
// push service goes.
let box: MailBox;
let server: TestServer;
let anna: OtherBrowser;
let page: Page;

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
  anna = await openBrowser();
  page = anna.page;
  await page.goto(server.running.setUpLink ?? '');
  await page.fill('#join-name', 'Anna Berg');
  await page.fill('#join-org', 'Westside Energy');
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await page.getByRole('heading', { name: 'Hello, Anna' }).waitFor();
});
afterAll(async () => {
  await anna?.close();
  await closeFaultless(server);
  await box?.close();
});

const notices = () => page.locator('[data-section=notices]');
const way = (kind: string, name: string) => notices().locator(`[data-wish=${kind}] [data-way=${name}]`);

it('confirms an address by a code that was mailed there, and tells by mail only what was agreed to', async () => {
  await tapTo(page, '/account');
  await notices().waitFor();
  expect(await way('alarm', 'mail').isDisabled()).toBe(true);
  await page.fill('#notice-address', 'anna@example.org');
  await notices().getByRole('button', { name: 'Send a code there' }).click();
  await page.fill('#notice-code', '00000000');
  await notices().getByRole('button', { name: 'Confirm the address' }).click();
  expect(await troubleOn(page)).toBe('proof_invalid');
  const [mail] = await box.reached(1);
  const code = /\b\d{8}\b/.exec(mail?.text ?? '')?.[0] ?? '';
  await page.fill('#notice-code', code);
  await notices().getByRole('button', { name: 'Confirm the address' }).click();
  await notices().getByText('Mail goes to anna@example.org.').waitFor();
  await way('alarm', 'mail').click();
  await expect.poll(() => way('alarm', 'mail').getAttribute('aria-pressed')).toBe('true');
  await page.reload();
  await expect
    .poll(() => way('alarm', 'mail').getAttribute('aria-pressed'), { timeout: PATIENCE })
    .toBe('true');
  await expect.poll(() => way('phone_lost', 'mail').getAttribute('aria-pressed')).toBe('false');
});

it('says why this browser cannot be told, and promises nothing then', async () => {
  await way('phone_lost', 'push').click();
  expect(await troubleOn(page)).toBe('push_denied');
  await page.context().grantPermissions(['notifications'], { origin: server.url });
  await way('phone_lost', 'push').click();
  // The browser of the tests reaches no push service.
  await expect.poll(() => troubleOn(page)).toBe('push_not_possible');
  await expect.poll(() => way('phone_lost', 'push').getAttribute('aria-pressed')).toBe('false');
});

it('keeps a browser with a push service, names it as this one, and forgets it', async () => {
  await page.evaluate(subscribeAsAPhoneDoes);
  await way('phone_lost', 'push').click();
  await expect.poll(() => way('phone_lost', 'push').getAttribute('aria-pressed')).toBe('true');
  const own = notices().locator('[data-browser=own]');
  await own.getByText('This browser').waitFor();
  // Without signal it stays what it was, on both sides.
  await page.context().setOffline(true);
  await own.getByRole('button', { name: 'Tell it no more' }).click();
  await expect.poll(() => troubleOn(page)).toBe('unreachable');
  await own.getByText('This browser').waitFor();
  await page.context().setOffline(false);
  await own.getByRole('button', { name: 'Tell it no more' }).click();
  await own.waitFor({ state: 'detached' });
  const { pushedBrowsers } = server.running.installation.stores;
  const [person] = await server.running.installation.stores.people.people();
  expect(await pushedBrowsers.ofOperator(person?.operator ?? '')).toEqual([]);
});

it('forgets an address', async () => {
  await notices().getByRole('button', { name: 'Forget the address' }).click();
  await notices().getByText('No mail address yet.').waitFor();
});

/** What a phone's push service answers, where no such service can be reached. */
async function subscribeAsAPhoneDoes(): Promise<void> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
  const text = (bytes: Uint8Array) =>
    btoa(String.fromCharCode(...bytes))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=/g, '');
  const endpoint = 'https://push.example.org/anna';
  const json = { endpoint, keys: { p256dh: text(point), auth: text(new Uint8Array(16)) } };
  let made: object | null = null;
  const subscription = {
    endpoint,
    toJSON: () => json,
    unsubscribe: async () => {
      made = null;
      return true;
    },
  };
  Object.assign(PushManager.prototype, {
    getSubscription: async () => made,
    subscribe: async () => {
      made = subscription;
      return subscription;
    },
  });
}
