import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boxBlur } from '../../src/scan/decode/box-blur.ts';
import { gamma } from '../../src/scan/decode/gamma.ts';
import { localContrast } from '../../src/scan/decode/local-contrast.ts';
import { brightness, type Luma, lumaOf, rgbaOf } from '../../src/scan/decode/luma.ts';
import { resize } from '../../src/scan/decode/resize.ts';
import { rotate } from '../../src/scan/decode/rotate.ts';
import { sharpen } from '../../src/scan/decode/sharpen.ts';
import { threshold } from '../../src/scan/decode/threshold.ts';

const image: fc.Arbitrary<Luma> = fc
  .tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height })
      .map((pixels) => ({ pixels: new Uint8ClampedArray(pixels), width, height })),
  );

function flat(width: number, height: number, value: number): Luma {
  return { pixels: new Uint8ClampedArray(width * height).fill(value), width, height };
}

test('the blur is the mean over its square, edges repeated', () => {
  fc.assert(
    fc.property(image, fc.integer({ min: 1, max: 5 }), ({ pixels, width, height }, radius) => {
      const blurred = boxBlur({ pixels, width, height }, radius);
      const at = (x: number, y: number) =>
        pixels[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))] ?? 0;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          let sum = 0;
          for (let v = -radius; v <= radius; v++)
            for (let u = -radius; u <= radius; u++) sum += at(x + u, y + v);
          expect(
            Math.abs((blurred.pixels[y * width + x] ?? -1) - sum / (2 * radius + 1) ** 2),
          ).toBeLessThanOrEqual(0.51);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('grey to RGBA and back is the same picture', () => {
  fc.assert(
    fc.property(image, (grey) => {
      expect(lumaOf(rgbaOf(grey))).toEqual(grey);
    }),
  );
});

test('every step gives as many pixels as it says, also for pictures of one pixel', () => {
  const steps: ((grey: Luma) => Luma)[] = [
    (g) => resize(g, 0.3),
    (g) => resize(g, 2),
    (g) => resize(g, 1),
    (g) => rotate(g, 37),
    (g) => sharpen(g, 2, 2),
    (g) => threshold(g, 6, 0.07),
    (g) => localContrast(g, 6),
    (g) => gamma(g, 2.2),
  ];
  fc.assert(
    fc.property(image, fc.constantFrom(...steps), (grey, step) => {
      const out = step(grey);
      expect(out.pixels.length).toBe(out.width * out.height);
      expect(out.width).toBeGreaterThan(0);
    }),
  );
});

test('an even picture stays even', () => {
  const grey = flat(40, 30, 90);
  expect(new Set(resize(grey, 0.4).pixels)).toEqual(new Set([90]));
  expect(new Set(resize(grey, 1.7).pixels)).toEqual(new Set([90]));
  expect(new Set(sharpen(grey, 3, 2).pixels)).toEqual(new Set([90]));
  expect(new Set(localContrast(grey, 6).pixels)).toEqual(new Set([128]));
  expect(new Set(threshold(grey, 6, 0.07).pixels)).toEqual(new Set([255]));
});

test('a quarter turn moves a corner to the next', () => {
  const grey = flat(21, 21, 255);
  for (let y = 0; y < 5; y++) for (let x = 0; x < 5; x++) grey.pixels[y * 21 + x] = 0;
  const turned = rotate(grey, 90);
  const dark = (x: number, y: number) => (turned.pixels[y * turned.width + x] ?? 255) < 40;
  const corners = [
    dark(2, 2),
    dark(turned.width - 4, 2),
    dark(turned.width - 4, turned.height - 4),
    dark(2, turned.height - 4),
  ];
  expect(corners.filter(Boolean)).toHaveLength(1);
  expect(corners[0]).toBe(false);
});

test('brightness is that of an even picture, and 0 of none', () => {
  expect(brightness(rgbaOf(flat(100, 100, 37)))).toBeCloseTo(37);
  expect(brightness(rgbaOf(flat(0, 0, 0)))).toBe(0);
});
