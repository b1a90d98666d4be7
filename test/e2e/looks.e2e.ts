import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plugIn, save, typeAndConnect } from '../support/bench-device.ts';
import { type FieldApp, rowFor, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { sideways, smallTargets, violations } from '../support/readable.ts';
import { OAK_STREET } from '../support/server.ts';

// Every screen in every theme: no accessibility violation, 7:1 text, and targets a glove can hit.
const SCREENS = ['/', '/outbox', '/places', '/more', '/ready', '/bind'] as const;

let app: FieldApp;
let page: Page;
let record: string;
let bound: string;
let at: string;

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
  at = `/at/northfield/${row.udid}`;
  await tapTo(page, at);
  await page.locator('[data-part=records] summary').click();
  record = (await page.locator('[data-part=records] a').first().getAttribute('href')) ?? '';
  await unplug();
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app?.close();
});

describe.each(['light', 'dark', 'sun'])('in %s', (theme) => {
  it.each([...SCREENS, 'record', 'at', 'place', 'write', 'device', 'revoke'])(
    '%s is readable, sayable and hittable',
    async (screen) => {
      const paths: Record<string, string> = {
        record,
        at,
        place: `/place/northfield/${OAK_STREET}/-`,
        write: at.replace('/at/', '/write/'),
        device: bound,
        revoke: bound,
      };
      const path = paths[screen] ?? screen;
      await page.evaluate((name) => localStorage.setItem('theme', name), theme);
      await tapTo(page, path);
      await page.locator('main h1').first().waitFor();
      if (path === bound) await page.locator('[data-section=acts]').waitFor();
      if (screen === 'revoke') await page.locator('[data-act=revoke]').click();
      expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe(theme);
      expect(await violations(page)).toEqual([]);
      expect(await smallTargets(page)).toEqual([]);
      expect(await sideways(page)).toEqual([0]);
    },
  );
});

it('has room for text twice as large, without sideways scrolling', async () => {
  for (const path of [...SCREENS, bound, at]) {
    await tapTo(page, path);
    await page.locator('main h1').first().waitFor();
    await page.evaluate(() => {
      document.documentElement.style.setProperty('font-size', '32px');
    });
    expect(await sideways(page), path).toEqual([0]);
  }
});
