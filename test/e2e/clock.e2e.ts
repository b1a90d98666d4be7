import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FieldApp, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';

const DAY = 24 * 3_600_000;

let app: FieldApp;
beforeAll(async () => {
  app = await startFieldApp();
  await signInAndPrepare(await app.open(), 'ines');
});
afterAll(() => app?.close());

/** The page's clock is off by what stands in its window's name, which outlives a reload. */
function shiftClock(): void {
  const Real = Date;
  const by = () => Number(Reflect.get(globalThis, 'name') || '0');
  class Shifted extends Real {
    constructor(...given: [] | [number | string]) {
      super(...((given.length === 0 ? [Real.now() + by()] : given) as [number]));
    }
    static override now(): number {
      return Real.now() + by();
    }
  }
  globalThis.Date = Shifted as DateConstructor;
}

async function setClock(page: Page, by: number): Promise<void> {
  await page.evaluate((name) => Reflect.set(globalThis, 'name', name), String(by));
  await page.reload();
}

it('tells a phone before the work that its clock is wrong, without signal where it can know', async () => {
  const page = app.page();
  // A device to practise with is laid out while there is signal.
  await tapTo(page, '/bind/practice');
  await page.locator('figcaption').waitFor();
  await page.addInitScript(shiftClock);
  await page.context().setOffline(true);
  await setClock(page, -730 * DAY);
  for (const path of ['/', '/ready']) {
    await tapTo(page, path);
    await page.locator('[data-code=clock_behind]').waitFor();
  }
  await tapTo(page, '/bind/practice');
  await page.getByRole('button', { name: 'Scan this label' }).click();
  await page.locator('[data-code=clock_behind]').waitFor();

  // That it is ahead, an answer tells.
  await page.context().setOffline(false);
  await setClock(page, 2 * DAY);
  await tapTo(page, '/ready');
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await page.locator('[data-code=clock_ahead]').waitFor();
  await setClock(page, 0);
  await tapTo(page, '/ready');
  await page.getByRole('heading', { name: 'Ready to work offline' }).waitFor();
  expect(await page.locator('[data-code^=clock_]').count()).toBe(0);
});
