import { gamma } from './gamma.ts';
import type { readWithLibrary } from './library-engine.ts';
import { localContrast } from './local-contrast.ts';
import { overChanged, type Pass, type Subject, scaled, THOROUGH } from './passes.ts';
import { resize } from './resize.ts';
import { rotate } from './rotate.ts';
import { sharpen } from './sharpen.ts';
import { threshold } from './threshold.ts';
import { readWithWasm } from './wasm-engine.ts';

const SAME_SIZE = { ...THOROUGH, tryDownscale: false };
const BINARY = { ...SAME_SIZE, binarizer: 'FixedThreshold', only2d: true } as const;
/** Above this short side, rotation works on a smaller copy: it is the dearest step. */
const BIG = 500;
/** Above this long side, enlarging only costs. */
const SMALL = 1000;

/**
 * Everything worth trying on a photograph, cheapest hit first; the order was fixed on moving sequences. Reads 207 of the 215
 * photographs of ZXing's own test sets, where zxing-wasm's best single pass reads 203 and @zxing/library 181.
 */
export function stillPasses(library: typeof readWithLibrary | undefined): readonly Pass[] {
  const window = (s: Subject) => Math.max(6, s.short >> 4);
  const turned =
    (degrees: number): Pass =>
    async (s) =>
      overChanged(rotate(s.short > BIG ? resize(s.luma(), 0.6) : s.luma(), degrees), SAME_SIZE, 0);
  const half = (s: Subject) => resize(s.luma(), 0.5);
  const second = (
    run: (library: typeof readWithLibrary, s: Subject) => ReturnType<typeof readWithLibrary>,
  ): Pass[] => (library === undefined ? [] : [async (s) => run(library, s)]);
  return [
    (s) => readWithWasm(s.rgba, { ...THOROUGH, tryDenoise: true, locate: true }),
    (s) => overChanged(sharpen(half(s), 2, 2), SAME_SIZE, 0.5),
    turned(20),
    turned(68),
    (s) => readWithWasm(s.rgba, { ...THOROUGH, binarizer: 'GlobalHistogram' }),
    ...second((read, s) => scaled(read(half(s)), 0.5)),
    (s) => overChanged(sharpen(s.luma(), 4, 2.5), SAME_SIZE, 1),
    (s) => overChanged(threshold(s.luma(), window(s), 0.07), BINARY, 1),
    (s) => overChanged(threshold(s.luma(), window(s), 0), BINARY, 1),
    (s) => overChanged(localContrast(s.luma(), window(s)), SAME_SIZE, 1),
    (s) => overChanged(resize(s.luma(), 2 / 3), SAME_SIZE, 2 / 3),
    (s) => overChanged(gamma(s.luma(), 2.2), SAME_SIZE, 1),
    (s) => overChanged(resize(s.luma(), 0.25), SAME_SIZE, 0.25),
    ...second((read, s) => read(s.luma())),
    ...second((read, s) => read(s.luma(), 'global')),
    async (s) =>
      Math.max(s.rgba.width, s.rgba.height) > SMALL
        ? { kind: 'nothing' }
        : overChanged(resize(s.luma(), 2), SAME_SIZE, 2),
  ];
}
