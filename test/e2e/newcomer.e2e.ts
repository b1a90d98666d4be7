import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FieldApp, startFieldApp } from '../support/field-app.ts';
import { PRACTICE } from '../support/server.ts';

// Somebody who has read nothing: every tap is on words that the screen offers. Two minutes is the promise to a person; how long a
// busy machine takes for it says nothing of that.
let app: FieldApp;
let page: Page;

beforeAll(async () => {
  app = await startFieldApp();
  page = await app.open();
});

afterAll(() => app?.close());

const tap = (name: string | RegExp) => page.getByRole('button', { name }).click();

it('binds the simulated device and sees its certificate and domain', async () => {
  // The last of what a sign-in fetches comes late: the app is there before it, and whoever goes on is not called back.
  const held = Promise.withResolvers<void>();
  await page.route('**/api/rescue-key', async (route) => {
    await held.promise;
    await route.continue();
  });
  await tap(/^Ines/);
  await page.getByRole('link', { name: 'Try with a simulated device' }).click();
  await page.getByRole('button', { name: 'Scan this label' }).waitFor();
  const late = page.waitForResponse('**/api/rescue-key');
  held.resolve();
  await late;
  await tap('Scan this label');
  await tap(/^Simulated device/);
  await tap('Read key and request');
  await tap('Go on');
  await tap('Save');
  await tap('Write certificate now');
  await page.getByRole('heading', { name: 'Certificate on device' }).waitFor();
  await expect
    .poll(() => page.locator('[data-fact=names]').textContent())
    .toMatch(new RegExp(`^spiffe://${PRACTICE.replaceAll('.', '\\.')}/device/mac-[0-9a-f]{12}$`));
  await expect.poll(() => page.locator('[data-fact=fingerprint]').textContent()).toMatch(/^[0-9a-f]{64}$/);
  await tap('Done');
  await page.locator('.strip', { hasText: 'Everything is sent' }).waitFor();
  expect(app.offences).toEqual([]);
});

it('can work offline after this one visit, with nothing reloaded', async () => {
  const seen = () =>
    page.evaluate(() => ({
      controlled: navigator.serviceWorker.controller !== null,
      loads: performance.getEntriesByType('navigation').length,
      how: performance.getEntriesByType('navigation').map((entry) => Object(entry).type),
    }));
  await expect.poll(seen).toEqual({ controlled: true, loads: 1, how: ['navigate'] });
});

it('has bound it nowhere but in the training organisation', async () => {
  const ines = await app.server.signIn('ines');
  const count = async (org: string) =>
    ((await ines.get(`/api/devices?org=${org}`)).body as { devices: unknown[] }).devices.length;
  expect([await count('training'), await count('northfield')]).toEqual([1, 0]);
});

it('practises again and again, and each certificate finds its own device', async () => {
  const udid = page.locator('figcaption');
  const bind = async () => {
    await page.getByRole('link', { name: 'Home' }).click();
    await page.goto(new URL('/bind/practice', page.url()).href);
    await page.getByRole('button', { name: 'Scan this label' }).waitFor();
    const shown = await udid.textContent();
    await tap('Scan this label');
    // The label's screen has a way back as well: on a slow machine it would be taken for the next screen's.
    await page.getByRole('button', { name: /^Simulated device/ }).waitFor();
    // Back at the label, it is the same device: it was not used up.
    await tap('Back');
    await expect.poll(() => udid.textContent()).toBe(shown);
    await tap('Scan this label');
    await tap(/^Simulated device/);
    await tap('Read key and request');
    await tap('Go on');
    await tap('Save');
    await page.getByRole('button', { name: 'Write certificate now' }).waitFor();
    return shown ?? '';
  };
  const first = await bind();
  await tap('Later');
  const second = await bind();
  await tap('Later');
  expect(second).not.toBe(first);
  for (const device of [first, second]) {
    await page.goto(new URL('/', page.url()).href);
    await page.locator(`[data-section=needs-me] a[data-device="${device}"]`).click();
    await tap(/^Simulated device/);
    await page.getByRole('heading', { name: 'Certificate on device' }).waitFor();
    await expect.poll(() => page.locator('[data-fact=names]').textContent()).toContain(device);
  }
});
