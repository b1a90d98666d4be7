import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plugIn, save, typeAndConnect } from '../support/bench-device.ts';
import { type FieldApp, rowFor, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { OAK_STREET } from '../support/server.ts';

// Every screen in every theme: no accessibility violation, 7:1 text, and targets a glove can hit.
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TARGET = 48;
const PRIMARY = 64;
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

async function violations(): Promise<string[]> {
  await page.waitForTimeout(300); // the entrance animation changes colours while it runs
  await page.evaluate(AXE);
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(root: Document, options: object): Promise<AxeResults> };
    };
    return axe.run(document, { rules: { 'color-contrast-enhanced': { enabled: true } } });
  });
  return results.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 120)}`),
  );
}

async function smallTargets(): Promise<string[]> {
  return page.evaluate(
    ([target, primary]) =>
      [
        ...document.querySelectorAll<HTMLElement>(
          'a, button, input:not(.visually-hidden), select, label.button',
        ),
      ]
        .filter((element) => element.offsetParent !== null)
        .map((element) => ({ element, box: element.getBoundingClientRect() }))
        .filter(({ element, box }) => {
          const least = element.dataset.kind === 'primary' ? primary : target;
          return box.height < least || box.width < least;
        })
        .map(({ element, box }) => `${element.outerHTML.slice(0, 90)} ${box.width}×${box.height}`),
    [TARGET, PRIMARY] as const,
  );
}

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
      expect(await violations()).toEqual([]);
      expect(await smallTargets()).toEqual([]);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBe(0);
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
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll('*')]
        .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map((e) => e.outerHTML.slice(0, 80)),
    );
    expect([overflow, ...wide], path).toEqual([0]);
  }
});
