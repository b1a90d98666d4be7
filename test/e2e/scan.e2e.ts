import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parseLabel } from '../../core/label/parse-label.ts';
import { type ServedPage, servePage } from '../scan/page/serve.ts';
import { approach, cameraFlags, recordCamera } from '../support/camera.ts';
import { PATIENCE } from '../support/patience.ts';
import { photoOf, printLabel } from '../support/photo.ts';

const QR =
  'DPP:C:81/1;M:5254005828e5;K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAC8OFe8mwuwczbFayicPWvrGp1xdtxJTU8KRDN9OQVyFI=;;';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const executablePath = process.env.FIELDBIND_CHROMIUM ?? '/usr/bin/chromium';

let directory = '';
let served: ServedPage;
let browser: Browser | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fieldbind-scan-'));
  served = await servePage(join(directory, 'page'));
});

afterAll(async () => {
  await served?.close();
  await rm(directory, { recursive: true, force: true });
});

afterEach(async () => {
  await browser?.close();
  browser = undefined;
});

/** A fresh browser on the page; fails later on any request to another origin and on any breach of policy. */
async function openPage(
  flags: readonly string[],
  permissions: readonly string[] = ['camera'],
): Promise<{ page: Page; foreign: string[] }> {
  browser = await chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
  const context = await browser.newContext({ permissions: [...permissions] });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const foreign: string[] = [];
  page.on('request', (request) => {
    const own = request.url().startsWith(served.url) || /^(?:blob|data):/.test(request.url());
    if (!own) foreign.push(request.url());
  });
  page.on('pageerror', (error) => foreign.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') foreign.push(`console: ${message.text()}`);
  });
  await page.goto(served.url);
  await page.waitForFunction(() => 'driver' in window);
  return { page, foreign };
}

async function clean({ page, foreign }: { page: Page; foreign: string[] }): Promise<void> {
  expect(await page.evaluate(() => window.violations)).toEqual([]);
  expect(foreign).toEqual([]);
}

test('photographs are read, with WebAssembly and without it', async () => {
  const opened = await openPage([]);
  const fixtures = new URL('../fixtures/scan/', import.meta.url);
  const { photos } = JSON.parse(await readFile(new URL('manifest.json', fixtures), 'utf8'));
  for (const { file, text, format } of photos) {
    const base64 = (await readFile(new URL(file, fixtures))).toString('base64');
    const outcome = await opened.page.evaluate((photo) => window.driver.readPhoto(photo, true), base64);
    expect(outcome, file).toMatchObject({ ok: true, result: { text, format } });
  }
  const label = await printLabel('qrcode', QR);
  const photo = (
    await photoOf(label, {
      width: 3000,
      height: 2250,
      size: 0.5,
      turn: 5,
      tiltX: 15,
      blur: 2,
      light: [0.5, 1],
    })
  ).toString('base64');
  for (const withWasm of [true, false]) {
    const outcome = await opened.page.evaluate(([p, w]) => window.driver.readPhoto(p, w), [
      photo,
      withWasm,
    ] as const);
    expect(outcome).toMatchObject({ ok: true, result: { text: QR, engine: withWasm ? 'wasm' : 'library' } });
  }
  await clean(opened);
});

test('a small code in a large picture is found', async () => {
  const opened = await openPage([]);
  const label = await printLabel('qrcode', QR);
  const photo = await photoOf(label, {
    width: 4000,
    height: 3000,
    size: 0.055,
    shiftX: 0.31,
    shiftY: -0.28,
    blur: 0.6,
  });
  const outcome = await opened.page.evaluate(
    (p) => window.driver.readPhoto(p, true),
    photo.toString('base64'),
  );
  expect(outcome).toMatchObject({ ok: true, result: { text: QR } });
  const outline = outcome.ok ? (outcome.result?.outline ?? []) : [];
  for (const { x, y } of outline) {
    expect(Math.abs(x - 0.81)).toBeLessThan(0.05);
    expect(Math.abs(y - 0.22)).toBeLessThan(0.05);
  }
  await clean(opened);
});

test('a picture without a code, and a file that is no picture, say so', async () => {
  const opened = await openPage([]);
  const blank = await photoOf(
    { pixels: new Uint8Array(4).fill(200), width: 2, height: 2 },
    { width: 640, height: 480 },
    'png',
  );
  const read = (file: Buffer) =>
    opened.page.evaluate((p) => window.driver.readPhoto(p, true), file.toString('base64'));
  expect(await read(blank)).toEqual({ ok: false, code: 'no_code_found' });
  expect(await read(Buffer.from('no picture'))).toEqual({ ok: false, code: 'photo_unreadable' });
  // The header of a PNG of 60,000 by 60,000 pixels: refused by its size, before anything is decoded.
  const vast = Buffer.concat([
    Buffer.from('89504e470d0a1a0a0000000d494844520000ea600000ea600806000000', 'hex'),
    Buffer.alloc(40),
  ]);
  expect(await read(vast)).toEqual({ ok: false, code: 'photo_too_large' });
  await clean(opened);
});

test.each([true, false])(
  'the viewfinder reads a label that a hand moves closer (WebAssembly: %s)',
  async (withWasm) => {
    const film = join(directory, `approach-${withWasm}.y4m`);
    const far = {
      size: 0.45,
      turn: -14,
      tiltX: 30,
      tiltY: -25,
      blur: 3,
      motion: 8,
      light: [0.35, 1] as const,
      noise: 14,
      shiftX: 0.12,
      shiftY: -0.06,
    };
    const near = {
      size: 0.85,
      turn: 3,
      tiltX: 12,
      tiltY: -8,
      blur: 0.9,
      motion: 0,
      light: [0.5, 1] as const,
      noise: 6,
    };
    await recordCamera(film, await printLabel('qrcode', QR), approach(20, far, near), 10);
    const opened = await openPage(cameraFlags(film));
    const watched = await opened.page.evaluate((w) => window.driver.watch(1, w), withWasm);
    expect(watched.results[0]).toMatchObject({ text: QR, format: 'qr' });
    expect(watched.size).toEqual([1280, 720]);
    for (const { x, y } of watched.results[0]?.outline ?? []) {
      expect(x).toBeGreaterThan(0.1);
      expect(x).toBeLessThan(0.9);
      expect(y).toBeGreaterThan(-0.05);
      expect(y).toBeLessThan(1.05);
    }
    expect(parseLabel(watched.results[0]?.text ?? '')).toMatchObject({
      ok: true,
      label: { kind: 'dpp', udid: 'mac-5254005828e5' },
    });
    expect(await opened.page.evaluate(() => window.driver.stop())).toEqual({ live: 0 });
    await clean(opened);
  },
);

test.each(['datamatrix', 'code128'] as const)('the viewfinder reads a %s', async (symbology) => {
  const film = join(directory, `${symbology}.y4m`);
  const text = symbology === 'code128' ? 'AB-352099' : '[)>\u001e06\u001dSAB-352099\u001e\u0004';
  const view = { size: 0.6, turn: 4, tiltX: 15, blur: 1, light: [0.5, 1] as const, noise: 6 };
  await recordCamera(film, await printLabel(symbology, text), approach(6, view, view), 10);
  const opened = await openPage(cameraFlags(film));
  const watched = await opened.page.evaluate(() => window.driver.watch(1, true));
  expect(watched.results[0]?.text).toBe(text);
  await clean(opened);
});

test('pausing, hiding, freezing and stopping: the camera is on only while it is looked at', async () => {
  const film = join(directory, 'life.y4m');
  await recordCamera(film, await printLabel('qrcode', QR), approach(2, { size: 0.8 }, { size: 0.8 }), 10);
  const opened = await openPage(cameraFlags(film));
  const { page } = opened;
  expect(await page.evaluate(() => window.driver.startAndStop())).toEqual({ ok: false, code: 'stopped' });
  expect((await page.evaluate(() => window.driver.watch(1, true))).results).toHaveLength(1);
  expect(await page.evaluate(() => window.driver.again())).toMatchObject({ text: QR });
  expect(await page.evaluate(() => window.driver.hideAndShow())).toMatchObject({
    live: 0,
    result: { text: QR },
  });
  expect(await page.evaluate(() => window.driver.freeze())).toMatchObject({ ok: true, result: { text: QR } });
  expect(await page.evaluate(() => window.driver.again())).toMatchObject({ text: QR });
  expect(await page.evaluate(() => window.driver.stop())).toEqual({ live: 0 });
  const order = await page.evaluate(() => window.driver.torchOrder());
  expect(order).toEqual(['torch: true', '{"torch":true}', '{"torch":false}', 'stop']);
  await clean(opened);
});

test('with nothing to read it coaches, then offers other ways; freezing says there is no code', async () => {
  const film = join(directory, 'nothing.y4m');
  const grey = { pixels: new Uint8Array(4).fill(130), width: 2, height: 2 };
  await recordCamera(film, grey, approach(2, {}, {}), 10);
  const opened = await openPage(cameraFlags(film));
  const watched = await opened.page.evaluate(() => window.driver.watch(1, true));
  expect(watched).toMatchObject({ results: [], hints: ['nothing_located', 'offer_other_ways'] });
  expect(await opened.page.evaluate(() => window.driver.freeze())).toEqual({
    ok: false,
    code: 'no_code_found',
  });
  expect(await opened.page.evaluate(() => window.driver.stop())).toEqual({ live: 0 });
  await clean(opened);
});

test('no camera, and a camera refused, are told apart', async () => {
  const absent = await openPage([]);
  expect(await absent.page.evaluate(() => window.driver.start())).toEqual({
    ok: false,
    code: 'camera_absent',
  });
  await browser?.close();
  const refused = await openPage(['--use-fake-device-for-media-stream'], []);
  expect(await refused.page.evaluate(() => window.driver.start())).toEqual({
    ok: false,
    code: 'camera_denied',
  });
});
