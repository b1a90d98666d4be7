import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Registration } from '../../contract/registration.ts';
import { type FaultProxy, startFaultProxy } from '../bench/fault-proxy.ts';
import { bundle } from '../bench/stage.ts';
import { FLAGS } from '../support/device-browser.ts';
import { signInAndPrepare } from '../support/field-app.ts';
import { type MortalBrowser, mortalBrowser } from '../support/mortal-browser.ts';
import type { OfflinePhone } from '../support/offline-phone.ts';
import { PATIENCE } from '../support/patience.ts';
import { type PutBack, startPutBack } from '../support/put-back.ts';
import { OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';

declare global {
  var phone: OfflinePhone;
}

const ORG = 'northfield';
const SMALL = { width: 390, height: 844 };
const BEFORE = 3;
/** After the copy, on three phones. */
const LOST = [18, 18, 14] as const;

let there: PutBack;
let road: FaultProxy;
let folder: string;
let browser: Browser;
let third: MortalBrowser;
const pool: TestDevice[] = [];
let next = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-three-'));
  const dist = join(folder, 'dist');
  cpSync('dist', dist, { recursive: true });
  await bundle('../support/offline-phone.ts', join(dist, 'offline-phone.js'));
  road = await startFaultProxy(() => there.server.running.port);
  there = await startPutBack({ dist, publicUrl: road.url });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...FLAGS],
  });
  third = mortalBrowser();
});

afterAll(async () => {
  await browser?.close();
  await third?.close();
  await road?.close();
  await there?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function pageOf(context: BrowserContext): Promise<Page> {
  context.setDefaultTimeout(PATIENCE);
  const page = context.pages()[0] ?? (await context.newPage());
  await page.setViewportSize(SMALL);
  await page.goto(road.url);
  return page;
}

const strip = (page: Page, text: string) => page.locator('.strip', { hasText: text }).waitFor();
const load = (page: Page) =>
  page.evaluate("globalThis.phone ? undefined : import('/offline-phone.js').then(() => undefined)");

async function register(page: Page, count: number): Promise<string[]> {
  await load(page);
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const device = pool[next++];
    if (device === undefined) throw new Error('too few devices');
    const made = registrationOf(device, OAK_STREET);
    ids.push(await page.evaluate(save, { org: ORG, made }));
  }
  return ids;
}

function save({ org, made }: { org: string; made: Registration }): Promise<string> {
  return phone.capture(org, made);
}

async function rows(page: Page) {
  await load(page);
  return page.evaluate(() => phone.rows());
}

const statesOf = async (page: Page) => (await rows(page)).map(({ state }) => state);
const bound = (count: number) => Array.from({ length: count }, () => 'bound');

/** Sends and fetches, as whoever looks at the phone does. */
async function look(page: Page): Promise<void> {
  await page.goto(`${road.url}/outbox`);
  await page.getByRole('button', { name: 'Send now' }).waitFor();
}

async function waitBound(page: Page, count: number): Promise<void> {
  await look(page);
  await expect
    .poll(
      async () => {
        await page.getByRole('button', { name: 'Send now' }).click();
        return statesOf(page);
      },
      { timeout: PATIENCE, interval: 500 },
    )
    .toEqual(bound(count));
}

/** The session has ended: the app leads there. */
async function signInAgain(page: Page): Promise<void> {
  await page.goto(`${road.url}/outbox`);
  await page.locator('[data-code=signed_out]').waitFor();
  await page.getByRole('button', { name: 'Sign in again' }).click();
  // A page that is left at once takes its own call with it.
  await page.locator('[data-code=signed_out]').waitFor({ state: 'detached' });
}

async function revoke(udid: string): Promise<void> {
  const words = ['revoke', '--udid', udid, '--maker', 'acme', '--reason', 'keyCompromise', '--by', 'ada'];
  expect(await there.server.fieldbind(...words)).toMatchObject({ code: 0 });
}

async function verdict(leafPem: string | undefined): Promise<unknown> {
  const answer = await fetch(`${there.server.url}/api/verify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ certificate: leafPem, domain: OAK_STREET }),
  });
  return ((await answer.json()) as { verdict: unknown }).verdict;
}

it('gives a backend that was put back to a copy everything again, from three phones, and nobody does anything', async () => {
  for (let i = 0; i < 2 * BEFORE + LOST[0] + LOST[1] + LOST[2] + 2; i++) pool.push(await makeDevice());
  const listed = await there.server.importList(
    ORG,
    pool.map((device) => rowOf(device)),
  );
  expect(listed.errors).toEqual([]);
  const [a, b] = [await pageOf(await browser.newContext()), await pageOf(await browser.newContext())];
  await signInAndPrepare(a, 'ines');
  await signInAndPrepare(b, 'sam');
  const knownToCopy = await register(a, BEFORE);
  await register(b, BEFORE);
  await waitBound(a, BEFORE);
  await waitBound(b, BEFORE);

  await there.copy();

  let c = await pageOf(await third.open());
  await signInAndPrepare(c, 'ada');
  await register(a, LOST[0]);
  const lostOfB = await register(b, LOST[1]);
  await register(c, LOST[2]);
  await waitBound(a, BEFORE + LOST[0]);
  await waitBound(b, BEFORE + LOST[1]);
  await waitBound(c, LOST[2]);
  const had = new Map(
    [...(await rows(a)), ...(await rows(b)), ...(await rows(c))].map((one) => [one.id, one]),
  );
  const [revokedKnown, revokedLost] = [had.get(knownToCopy[0] ?? ''), had.get(lostOfB[0] ?? '')];
  await revoke(revokedKnown?.udid ?? '');
  await revoke(revokedLost?.udid ?? '');
  // What was revoked is in the newest packs.
  for (const page of [a, b, c]) {
    await page.goto(`${road.url}/ready`);
    await page.getByRole('button', { name: 'Refresh now' }).click();
    await page.getByRole('button', { name: 'Refresh now', disabled: false }).waitFor();
  }
  // One phone is away meanwhile, and goes on working.
  await load(b);
  await b.context().setOffline(true);
  const away = await register(b, 2);

  const server = await there.putBack();

  // The first phone is in touch: sign-in, and everything else goes by itself.
  await signInAgain(a);
  await a.goto(road.url);
  await a.locator('[data-part=again]', { hasText: `This phone sent ${LOST[0]} records again` }).waitFor();
  await strip(a, 'Everything is sent');

  // The third one dies while its records are on their way, after it handed back what the backend had signed.
  const dying = Promise.withResolvers<void>();
  road.fail((path) => {
    if (path !== '/api/records') return undefined;
    dying.resolve();
    return 'stall';
  });
  await signInAgain(c);
  await dying.promise;
  const cookies = await c.context().cookies();
  await third.kill();
  road.fail(undefined);
  const reborn = await third.open();
  await reborn.addCookies(cookies);
  c = await pageOf(reborn);
  await c.locator('[data-part=again]', { hasText: `This phone sent ${LOST[2]} records again` }).waitFor();

  // The second one comes back from where there was no signal.
  await b.context().setOffline(false);
  await signInAgain(b);
  await b.goto(road.url);
  await b.locator('[data-part=again]', { hasText: `This phone sent ${LOST[1]} records again` }).waitFor();
  await strip(b, 'Everything is sent');

  // Nobody is revived: until an administrator has confirmed them, what they captured is held, but for what our CA had signed.
  expect(new Set(await statesOf(b))).toContain('held');
  expect(await server.fieldbind('operator', 'confirm', '--all', '--by', 'ada')).toMatchObject({ code: 0 });
  await server.running.decider.run();

  const good = (one: { readonly id: string }) => one.id !== revokedKnown?.id && one.id !== revokedLost?.id;
  for (const [page, count] of [
    [a, BEFORE + LOST[0] - 1],
    [b, BEFORE + LOST[1] + away.length - 1],
    [c, LOST[2]],
  ] as const) {
    await look(page);
    await expect
      .poll(
        async () => {
          await page.getByRole('button', { name: 'Send now' }).click();
          return (await rows(page)).filter(good).map(({ state }) => state);
        },
        { timeout: PATIENCE, interval: 500 },
      )
      .toEqual(bound(count));
  }

  const { stores } = server.running.installation;
  const now = [...(await rows(a)), ...(await rows(b)), ...(await rows(c))];
  expect(now).toHaveLength(2 * BEFORE + LOST[0] + LOST[1] + LOST[2] + away.length);
  for (const one of now.filter(good)) {
    const before = had.get(one.id)?.fingerprint;
    if (before !== undefined) expect(one.fingerprint).toBe(before);
    const live = (await stores.bindingHistory.ofUdid(one.udid)).filter(({ endedAt }) => endedAt === null);
    expect(live).toHaveLength(1);
    const serials = await stores.certificates.ofBinding(live[0]?.id ?? '');
    expect(serials.map(({ fingerprint }) => fingerprint)).toEqual([one.fingerprint]);
  }
  for (const one of [revokedKnown, revokedLost]) expect(await verdict(one?.leafPem)).not.toBe('trusted');
  // The device whose revocation only the lost part knew is refused, wherever it is registered.
  expect(now.find(({ id }) => id === revokedLost?.id)).toMatchObject({
    state: 'refused',
    code: 'tombstoned',
  });
  expect(server.faults).toEqual([]);
});
