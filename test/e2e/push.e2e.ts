import type { CDPSession } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NOTICE_OF_NEWER, NOTICE_WORDS } from '../../core/notice-words.ts';
import { type FieldApp, signInAndPrepare, startFieldApp } from '../support/field-app.ts';

// A push that reaches the browser, whose push service no test can reach: the browser's own tools deliver it to the worker.
let app: FieldApp;

beforeAll(async () => {
  app = await startFieldApp();
});
afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app.close();
});

/** What the system shows of this app now. */
async function shown(): Promise<{ title: string; body: string; tag: string }[]> {
  return app.page().evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    const notifications = await registration.getNotifications();
    return notifications.map(({ title, body, tag }) => ({ title, body, tag }));
  });
}

/** Delivers messages to the app's worker. */
async function pusher(session: CDPSession, origin: string) {
  const { promise, resolve } = Promise.withResolvers<string>();
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    const own = registrations.find(({ scopeURL }) => scopeURL === `${origin}/`);
    if (own !== undefined) resolve(own.registrationId);
  });
  await session.send('ServiceWorker.enable');
  const registrationId = await promise;
  return (data: string) => session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
}

it('is shown in the words of the app, once for each notice', async () => {
  const page = await app.open();
  await page.context().grantPermissions(['notifications'], { origin: app.server.url });
  await signInAndPrepare(page, 'ines');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const push = await pusher(await page.context().newCDPSession(page), app.server.url);
  await push('{"kind":"phone_lost","id":"first"}');
  await push('{"kind":"phone_lost","id":"first"}');
  await expect
    .poll(shown)
    .toEqual([{ title: NOTICE_WORDS.phone_lost.title, body: NOTICE_WORDS.phone_lost.text, tag: 'first' }]);
  await push('{"kind":"of a newer server","id":"second","title":"Call this number"}');
  await expect
    .poll(async () => (await shown()).map(({ title }) => title).sort())
    .toEqual([NOTICE_WORDS.phone_lost.title, NOTICE_OF_NEWER.title].sort());
});
