import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plugIn, save, typeAndConnect } from '../support/bench-device.ts';
import {
  type FieldApp,
  rowFor,
  signInAndPrepare,
  startFieldApp,
  tapTo,
  watchOffences,
} from '../support/field-app.ts';
import { type OtherBrowser, openBrowser } from '../support/other-browser.ts';
import { sideways, smallTargets, violations } from '../support/readable.ts';
import { OAK_STREET } from '../support/server.ts';

// Every screen in every theme: no accessibility violation, 7:1 text, and targets a glove can hit.
const SCREENS = ['/', '/outbox', '/places', '/more', '/ready', '/bind'] as const;

let app: FieldApp;
let page: Page;
/** Sam at the desk, who may end devices as no installer may. */
let sams: OtherBrowser;
const offencesOfSams: string[] = [];
let record: string;
let bound: string;
let belongs: string;

beforeAll(async () => {
  app = await startFieldApp();
  await signInAndPrepare(await app.open(), 'ines');
  page = app.page();
  const { device, unplug } = await plugIn(app);
  const row = rowFor(device);
  bound = `/device/${row.maker}/${row.udid}`;
  await app.server.importList('northfield', [row]);
  await tapTo(page, '/');
  await page.waitForResponse((answer) => answer.url().includes('/api/work-pack?org=training'));
  await tapTo(page, '/bind');
  await typeAndConnect(page, device.label);
  await page.getByRole('button', { name: 'Go on' }).click();
  await save(page, OAK_STREET);
  await page.getByRole('heading', { name: 'Bound' }).waitFor();
  belongs = `/at/northfield/${row.udid}`;
  await tapTo(page, belongs);
  await page.locator('[data-part=records] summary').click();
  record = (await page.locator('[data-part=records] a').first().getAttribute('href')) ?? '';
  await unplug();
  sams = await openBrowser();
  watchOffences(sams.page.context(), app.server.url, offencesOfSams);
  await sams.page.goto(app.server.url);
  await signInAndPrepare(sams.page, 'sam');
});

afterAll(async () => {
  expect([...app.offences, ...offencesOfSams]).toEqual([]);
  await sams?.close();
  await app?.close();
});

const pageFor = (path: string) => (path === bound ? sams.page : page);

describe.each(['light', 'dark', 'sun'])('in %s', (theme) => {
  it.each([...SCREENS, 'record', 'at', 'place', 'write', 'device', 'revoke'])(
    '%s is readable, sayable and hittable',
    async (screen) => {
      const paths: Record<string, string> = {
        record,
        at: belongs,
        place: `/place/northfield/${OAK_STREET}/-`,
        write: belongs.replace('/at/', '/write/'),
        device: bound,
        revoke: bound,
      };
      const path = paths[screen] ?? screen;
      const at = pageFor(path);
      await at.evaluate((name) => localStorage.setItem('theme', name), theme);
      await tapTo(at, path);
      await at.locator('main h1').first().waitFor();
      if (path === bound) await at.locator('[data-section=acts]').waitFor();
      if (screen === 'revoke') await at.locator('[data-act=revoke]').click();
      expect(await at.evaluate(() => document.documentElement.dataset.theme)).toBe(theme);
      expect(await violations(at)).toEqual([]);
      expect(await smallTargets(at)).toEqual([]);
      expect(await sideways(at)).toEqual([0]);
    },
  );
});

it('has room for text twice as large, without sideways scrolling', async () => {
  for (const path of [...SCREENS, bound, belongs]) {
    const at = pageFor(path);
    await tapTo(at, path);
    await at.locator('main h1').first().waitFor();
    await at.evaluate(() => {
      document.documentElement.style.setProperty('font-size', '32px');
    });
    expect(await sideways(at), path).toEqual([0]);
  }
});
