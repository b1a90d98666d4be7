import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { readWithLibrary } from '../../src/scan/decode/library-engine.ts';
import { libraryPasses } from '../../src/scan/decode/library-passes.ts';
import type { Rgba } from '../../src/scan/decode/luma.ts';
import { firstReading, type Pass, subjectOf } from '../../src/scan/decode/passes.ts';
import type { Attempt } from '../../src/scan/decode/reading.ts';
import { stillPasses } from '../../src/scan/decode/still-passes.ts';
import { prepareWasm } from '../../src/scan/decode/wasm-engine.ts';
import { photoOf, printLabel } from '../support/photo.ts';

interface Photo {
  readonly file: string;
  readonly format: string;
  readonly text: string;
}
const fixtures = new URL('../fixtures/scan/', import.meta.url);
const { photos }: { photos: readonly Photo[] } = JSON.parse(
  readFileSync(new URL('manifest.json', fixtures), 'utf8'),
);

beforeAll(async () => {
  const file = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm');
  await prepareWasm({ bytes: new Uint8Array(readFileSync(file)).buffer });
});

async function rgbaOf(file: Buffer): Promise<Rgba> {
  const { data, info } = await sharp(file)
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8ClampedArray(data), width: info.width, height: info.height };
}

async function read(file: Buffer, passes: readonly Pass[]): Promise<Attempt> {
  return firstReading(passes, subjectOf(await rgbaOf(file)));
}

test.each(photos)('$file holds what its maker says', async ({ file, format, text }) => {
  const attempt = await read(readFileSync(new URL(file, fixtures)), stillPasses(readWithLibrary));
  if (attempt.kind !== 'read') throw new Error(attempt.kind);
  expect(attempt.reading).toMatchObject({ text, format });
});

test('without WebAssembly nothing is read wrongly, and the plain photographs are read', async () => {
  const attempts = await Promise.all(
    photos.map(async ({ file, text }) => {
      const attempt = await read(readFileSync(new URL(file, fixtures)), libraryPasses(readWithLibrary));
      if (attempt.kind === 'read') expect(attempt.reading).toMatchObject({ text, engine: 'library' });
      return attempt.kind;
    }),
  );
  expect(attempts.filter((kind) => kind === 'read').length).toBeGreaterThanOrEqual(photos.length / 2);
});

test('each pass gives the right text or none', async () => {
  const expected = 'DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAC8OFe8mwuwczbFayicPWvrGp1xdtxJTU8KRDN9OQVyFI=;;';
  const label = await printLabel('qrcode', expected);
  const photo = await photoOf(label, {
    width: 800,
    height: 600,
    turn: 20,
    tiltX: 25,
    blur: 1.2,
    light: [0.4, 1.1],
    noise: 12,
  });
  const subject = subjectOf(await rgbaOf(photo));
  const read: string[] = [];
  for (const pass of stillPasses(readWithLibrary)) {
    const attempt = await pass(subject);
    if (attempt.kind === 'read') read.push(attempt.reading.text);
  }
  expect(new Set(read)).toEqual(new Set([expected]));
});

test.each(['qrcode', 'datamatrix', 'code128'] as const)(
  'a tilted, blurred, half-shaded %s is read, outline and all',
  async (symbology) => {
    const text = symbology === 'code128' ? 'AB-352099' : '[)>\u001e06\u001dSAB-352099\u001e\u0004';
    const label = await printLabel(symbology, text);
    const photo = await photoOf(label, {
      turn: 8,
      tiltX: 20,
      tiltY: 15,
      blur: 1.5,
      light: [0.4, 1.05],
      noise: 10,
      shiftX: 0.05,
    });
    const attempt = await read(photo, stillPasses(readWithLibrary));
    if (attempt.kind !== 'read') throw new Error(attempt.kind);
    expect(attempt.reading.text).toBe(text);
    for (const { x, y } of attempt.reading.corners) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(1280);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(720);
    }
  },
);

test('a picture without a code holds nothing', async () => {
  const blank = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#777' } })
    .png()
    .toBuffer();
  expect((await read(blank, stillPasses(readWithLibrary))).kind).toBe('nothing');
});
