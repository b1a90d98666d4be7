import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { imageSize } from '../../src/scan/decode/image-size.ts';

const picture = sharp({ create: { width: 123, height: 45, channels: 3, background: '#345' } });

test.each([
  ['png', () => picture.clone().png()],
  ['jpeg', () => picture.clone().jpeg()],
  [
    'progressive jpeg with metadata',
    () =>
      picture
        .clone()
        .withExif({ IFD0: { Artist: 'x'.repeat(3000) } })
        .jpeg({ progressive: true }),
  ],
  ['lossy webp', () => picture.clone().webp()],
  ['lossless webp', () => picture.clone().webp({ lossless: true })],
  ['webp with alpha', () => picture.clone().ensureAlpha(0.5).webp()],
])('%s', async (_, make) => {
  expect(imageSize(new Uint8Array(await make().toBuffer()))).toEqual({ width: 123, height: 45 });
});

test('any bytes give a size or none, and never throw', () => {
  const head = fc.constantFrom(
    [0xff, 0xd8],
    [0x89, 0x50, 0x4e, 0x47],
    [...'RIFF'].map((c) => c.charCodeAt(0)),
    [],
  );
  fc.assert(
    fc.property(head, fc.uint8Array({ maxLength: 64 }), (start, rest) => {
      imageSize(Uint8Array.from([...start, ...rest]));
    }),
  );
});
