import { createHash, randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PHOTO_PART_BYTES, type PhotosOfRecord } from '../../contract/photo.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import { type LossStage, loadOurs, openLossStage } from '../bench/loss-stage.ts';
import { signInAndPrepare } from '../support/field-app.ts';
import { type MortalBrowser, mortalBrowser } from '../support/mortal-browser.ts';
import { PATIENCE } from '../support/patience.ts';
import { OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf } from '../support/server-device.ts';

// Photos as evidence: taken in the flow, sent in parts after the record, gone on with where a killed phone stopped.
let stage: LossStage;
let phone: MortalBrowser;

beforeAll(async () => {
  stage = await openLossStage();
  phone = mortalBrowser();
});

afterAll(async () => {
  await phone?.close();
  await stage?.close();
});

/** A picture as cameras make them: larger than is kept, and not compressed to nothing. */
async function cameraPicture(): Promise<Buffer> {
  const noise = sharp(randomBytes(600 * 450 * 3), { raw: { width: 600, height: 450, channels: 3 } });
  const large = await noise.png().toBuffer();
  return sharp(large)
    .resize(2400, 1800)
    .withExif({ IFD3: { GPSLatitude: '52/1 0/1 0/1' } })
    .jpeg()
    .toBuffer();
}

it('sends a photo in parts after its record, and after a kill goes on where the backend stands', async () => {
  const page = await (await phone.open()).newPage();
  await page.goto(stage.road.url);
  await signInAndPrepare(page, 'ines');
  let asked = 0;
  // The question, two parts, and then the line hangs.
  stage.road.fail((path) => (path === '/api/photos' && ++asked > 3 ? 'stall' : undefined));
  const tap = (name: string | RegExp) => page.getByRole('button', { name }).click();
  await page.goto(`${stage.road.url}/bind/practice`);
  await tap('Scan this label');
  await tap(/^Simulated device/);
  await tap('Read key and request');
  await tap('Go on');
  await page.getByLabel('Add a photo').setInputFiles({
    name: 'roof.jpg',
    mimeType: 'image/jpeg',
    buffer: await cameraPicture(),
  });
  // At once: Save itself waits until the picture can be named in the record.
  await page.getByText('Save waits until the photos are ready').waitFor();
  expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  await tap('Save');
  await page.getByRole('button', { name: 'Write certificate now' }).waitFor();
  const digest = await page.evaluate(namedPhoto);
  expect(digest).toMatch(/^[\w-]{43}$/);
  await expect.poll(() => asked, { timeout: PATIENCE }).toBeGreaterThan(3);
  const stores = stage.server.running.installation.stores;
  expect(await stores.photos.photo('training', digest ?? '')).toMatchObject({
    have: 2 * PHOTO_PART_BYTES,
    keptAt: null,
  });
  await phone.kill();

  stage.road.fail((path) => {
    if (path === '/api/photos') asked++;
    return undefined;
  });
  const back = await (await phone.open()).newPage();
  await back.goto(stage.road.url);
  await loadOurs(back);
  // The kill took the session's cookie: until then the backend answered nothing but that.
  await back.evaluate(() => bench.signIn('ines'));
  asked = 0;
  await back.goto(`${stage.road.url}/outbox`);
  await expect
    .poll(async () => (await stores.photos.photo('training', digest ?? ''))?.keptAt ?? null, {
      timeout: PATIENCE,
    })
    .not.toBeNull();
  const photo = await stores.photos.photo('training', digest ?? '');
  const parts = Math.ceil(((photo?.bytes ?? 0) - 2 * PHOTO_PART_BYTES) / PHOTO_PART_BYTES);
  expect(parts).toBeGreaterThan(0);
  // From the first byte it would be two more.
  expect(asked).toBeLessThanOrEqual(1 + parts);
  const data = Buffer.from(await stores.photos.data('training', digest ?? ''));
  expect(createHash('sha256').update(data).digest('base64url')).toBe(digest);
  const { width, height, exif } = await sharp(data).metadata();
  expect([width, height, exif]).toEqual([1600, 1200, undefined]);
  await back.locator('[data-part=photos-waiting]').waitFor({ state: 'detached' });
  await back.goto(new URL('/outbox', back.url()).href);
  await back.click('[data-filter=all]');
  const udid = await back.locator('a[data-device]').first().getAttribute('data-device');
  await back.goto(new URL(`/at/training/${udid}`, back.url()).href);
  await back.locator('[data-part=records] summary').click();
  await back.locator('a[href^="/record/"]').last().click();
  await back.getByText('With the backend').waitFor();
});

it('shows the photos of a held record at the desk', async () => {
  const ines = await stage.server.signIn('ines');
  const picture = await sharp({ create: { width: 80, height: 60, channels: 3, background: '#a04020' } })
    .jpeg()
    .toBuffer();
  const digest = createHash('sha256').update(picture).digest('base64url');
  const photos = [{ digest, bytes: picture.length }];
  const found = registrationOf(await makeDevice(), OAK_STREET, { asFound: true, place: { photos } });
  expect((await ines.submit('registration+jws', found, 'northfield')).outcome).toBe('held');
  await phone.kill();
  const desk = await (await phone.open()).newPage();
  await desk.goto(stage.road.url);
  await loadOurs(desk);
  await desk.evaluate(() => bench.prepare('sam'));
  await desk.goto(`${stage.road.url}/desk`);
  await desk.locator(`[data-held="${found.id}"]`).getByRole('button', { name: 'Show photos' }).click();
  await desk.getByText('Not arrived yet').waitFor();
  const part = { record: found.id, digest, offset: 0, data: picture.toString('base64url') };
  expect((await ines.post('/api/photos', part)).status).toBe(200);
  await desk.reload();
  await desk.locator(`[data-held="${found.id}"]`).getByRole('button', { name: 'Show photos' }).click();
  const shown = desk.getByRole('img', { name: 'Photo 1 of this device' });
  await expect.poll(() => shown.evaluate((it: HTMLImageElement) => it.naturalWidth)).toBe(80);
  const { photos: listed } = (await ines.get(`/api/photos?org=northfield&record=${found.id}`))
    .body as PhotosOfRecord;
  expect(listed).toEqual([{ ...photos[0], here: true }]);
  expect(fromBase64Url(part.data)?.length).toBe(picture.length);
});

/** The photo that the only record of this phone names. */
function namedPhoto(): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open('fieldbind');
    open.onerror = () => reject(open.error);
    open.onsuccess = () => {
      const rows = open.result.transaction('q').objectStore('q').getAll();
      rows.onerror = () => reject(rows.error);
      rows.onsuccess = () => {
        open.result.close();
        resolve((rows.result as { photos?: string[] }[])[0]?.photos?.[0]);
      };
    };
  });
}
