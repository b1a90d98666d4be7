import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FieldApp, startFieldApp } from '../support/field-app.ts';
import { PRACTICE } from '../support/server.ts';

// Somebody who has read nothing: every tap is on words that the screen offers. Two minutes is the promise.
let app: FieldApp;
let page: Page;

beforeAll(async () => {
  app = await startFieldApp();
  page = await app.open();
});

afterAll(() => app?.close());

it('binds the simulated device and sees its certificate and domain', { timeout: 120_000 }, async () => {
  const tap = (name: string | RegExp) => page.getByRole('button', { name }).click();
  await tap(/^Ines/);
  await page.getByRole('link', { name: 'Try with a simulated device' }).click();
  await tap('Scan this label');
  await tap(/^Simulated device/);
  await tap('Go on');
  await tap('Save');
  await tap('Write certificate now');
  await page.getByRole('heading', { name: 'Certificate on device' }).waitFor();
  expect(await page.locator('[data-fact=names]').textContent()).toMatch(
    new RegExp(`^spiffe://${PRACTICE.replaceAll('.', '\\.')}/device/mac-[0-9a-f]{12}$`),
  );
  expect(await page.locator('[data-fact=fingerprint]').textContent()).toMatch(/^[0-9a-f]{64}$/);
  await tap('Done');
  await page.locator('.strip', { hasText: 'Everything is sent' }).waitFor();
  expect(app.offences).toEqual([]);
});

it('has bound it nowhere but in the training organisation', async () => {
  const ines = await app.server.signIn('ines');
  const count = async (org: string) =>
    ((await ines.get(`/api/devices?org=${org}`)).body as { devices: unknown[] }).devices.length;
  expect([await count('training'), await count('northfield')]).toEqual([1, 0]);
});
