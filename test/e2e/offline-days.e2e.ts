import { join } from 'node:path';
import type { Cookie, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { InvitationLink } from '../../contract/account.ts';
import type { Registration } from '../../contract/registration.ts';
import { type LossStage, openLossStage } from '../bench/loss-stage.ts';
import { bundle } from '../bench/stage.ts';
import { type MortalBrowser, mortalBrowser } from '../support/mortal-browser.ts';
import type { OfflinePhone } from '../support/offline-phone.ts';
import { type RealPeople, setUpPeople } from '../support/real-people.ts';
import { HARBOUR, OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';
import { addAuthenticator, type HeldPasskeys } from '../support/virtual-authenticator.ts';

declare global {
  var phone: OfflinePhone;
}

const DAY = 24 * 3_600_000;
/** From the first morning to the evening of the fourteenth day: what a capture credential allows is fourteen times 24 hours. */
const AWAY = 13.5 * DAY;
const RESTARTS = 20;
const ORG = 'northfield';
const SMALL = { width: 390, height: 844 };

/**
 * How far ahead of the machine's clock phone and backend are. The worker's stays: it only carries what a page has signed, and
 * the browser's own, so that it still has the cookie of a session that is over.
 */
let ahead = 0;
let stage: LossStage;
let phoneBrowser: MortalBrowser;
let people: RealPeople;
/** Her passkeys on this phone: what Chromium simulates dies with it, and a phone's does not. */
let passkeys: HeldPasskeys;
let ines: string;

beforeAll(async () => {
  stage = await openLossStage({ clock: { now: () => Date.now() + ahead }, demo: false });
  people = await setUpPeople(stage.server, stage.road.url);
  await bundle('../support/offline-phone.ts', join(stage.dist, 'offline-phone.js'));
  phoneBrowser = mortalBrowser();
});

afterAll(async () => {
  await phoneBrowser?.close();
  await stage?.close();
});

/** The app on the phone as it was left, its clock where we are now. */
async function start(): Promise<Page> {
  const context = await phoneBrowser.open();
  await context.addInitScript(setAhead, ahead);
  const [page = await context.newPage()] = context.pages();
  await page.setViewportSize(SMALL);
  await page.goto(stage.road.url);
  await page.evaluate("import('/offline-phone.js').then(() => undefined)");
  return page;
}

function setAhead(by: number): void {
  const Real = Date;
  class Shifted extends Real {
    constructor(...given: [] | [number | string]) {
      super(...((given.length === 0 ? [Real.now() + by] : given) as [number]));
    }
    static override now(): number {
      return Real.now() + by;
    }
  }
  globalThis.Date = Shifted as DateConstructor;
}

const strip = (page: Page, text: string) => page.locator('.strip', { hasText: text }).waitFor();

it('is fourteen days without signal and restarted twenty times: after one look at her passkey everything arrives, once, by receipts of a key it never saw', async () => {
  const devices = await Promise.all(Array.from({ length: RESTARTS }, () => makeDevice()));
  await stage.server.importList(
    ORG,
    devices.map((device) => rowOf(device)),
  );
  const cookies = await prepare();
  const pinned = await statementKeys();

  stage.road.fail((path) => (path === '/offline-phone.js' ? undefined : 'reset'));
  const saved: string[] = [];
  const days = new Set<number>();
  for (const [n, device] of devices.entries()) {
    ahead = ((n + 1) * AWAY) / RESTARTS;
    days.add(Math.floor(ahead / DAY));
    // Twice meanwhile: the newest is vouched for by one that the phone does not know either.
    if (n === 6 || n === 13) await stage.server.running.installation.statementKeys.rotate();
    const page = await start();
    await strip(page, n === 0 ? 'No signal' : `No signal. ${n} saved on this phone`);
    const made = registrationOf(device, n % 2 === 0 ? OAK_STREET : HARBOUR);
    saved.push(await page.evaluate(save, { org: ORG, made }));
    await phoneBrowser.kill();
  }
  expect(days.size).toBe(14);
  expect(stage.count().ids.size).toBe(0);

  stage.road.fail(undefined);
  // An administrator ended her sessions meanwhile; by itself none ends so soon.
  const because = { because: 'her tablet was left in a van' };
  expect(await people.administrator.post(`/api/people/${ines}/sessions?org=${ORG}`, because)).toMatchObject({
    status: 200,
    body: { ended: 2 },
  });
  const page = await start();
  await addAuthenticator(page, passkeys);
  await page.context().addCookies(cookies);
  await page.reload();
  await strip(page, `Sign in to send ${RESTARTS} records.`);
  // It stops the sending, and nothing else.
  await capturePractice(page);
  await strip(page, `Sign in to send ${RESTARTS + 1} records.`);
  expect(stage.count().ids.size).toBe(0);
  await page.goto(`${stage.road.url}/outbox`);
  await page.locator('[data-code=signed_out]').waitFor();
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Use your passkey' }).click();
  await strip(page, 'Everything is sent');

  const { ids, doubled } = stage.count();
  expect([...saved].filter((id) => !ids.has(id))).toEqual([]);
  expect({ ids: ids.size, doubled, resends: stage.road.resends }).toEqual({
    ids: RESTARTS + 1,
    doubled: 0,
    resends: 0,
  });
  const outcomes = async () => {
    const changes = await people.desk.changes(ORG);
    return saved.map((id) => changes.filter(({ record }) => record === id).map(({ outcome }) => outcome));
  };
  await expect.poll(outcomes).toEqual(saved.map(() => ['bound']));

  const keys = await statementKeys();
  expect(keys).toEqual([...pinned, expect.any(String), expect.any(String)]);
  await page.evaluate("import('/offline-phone.js').then(() => undefined)");
  const trust = await page.evaluate(() => phone.trust());
  expect(trust.keys).toEqual(keys);
  expect(trust.receipts).toEqual(Array.from({ length: RESTARTS + 1 }, () => keys.at(-1)));
  expect(stage.server.faults).toEqual([]);
});

/** With signal: enrolled, the pack taken, and a device to practise with laid out. Gives the session's cookie. */
async function prepare(): Promise<Cookie[]> {
  const there = await people.join('Ines Okafor', 'installer');
  ines = there.operator;
  const { body } = await there.browser.post('/api/invitations/device');
  const page = await start();
  const authenticator = await addAuthenticator(page);
  // Chromium opens no database again for a page that came while the one before was still making it.
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  await page.goto((body as InvitationLink).link);
  await page.getByRole('button', { name: 'Make a passkey here' }).click();
  await page.getByRole('heading', { name: 'Hello, Ines' }).waitFor();
  passkeys = await authenticator.held();
  await page.goto(`${stage.road.url}/bind/practice`);
  await page.locator('figcaption').waitFor();
  await page.goto(`${stage.road.url}/ready`);
  await page.getByRole('heading', { name: 'Ready to work offline' }).waitFor();
  const cookies = await page.context().cookies();
  expect(cookies.some(({ name }) => name === '__Host-fieldbind')).toBe(true);
  await phoneBrowser.shut();
  return cookies;
}

/** A whole registration on the screens, with the device that was laid out while there was signal. */
async function capturePractice(page: Page): Promise<void> {
  await page.goto(`${stage.road.url}/bind/practice`);
  for (const name of ['Scan this label', /^Simulated device/, 'Read key and request', 'Go on', 'Save'])
    await page.getByRole('button', { name }).click();
  await page.getByRole('heading', { name: 'Saved on this phone' }).waitFor();
}

function save({ org, made }: { org: string; made: Registration }): Promise<string> {
  return phone.capture(org, made);
}

async function statementKeys(): Promise<string[]> {
  const rows = await stage.server.running.installation.stores.statements.keys();
  return rows.map(({ kid }) => kid);
}
