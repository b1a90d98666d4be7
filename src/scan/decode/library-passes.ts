import type { readWithLibrary } from './library-engine.ts';
import { localContrast } from './local-contrast.ts';
import { blankLuma, type Luma } from './luma.ts';
import { type Pass, scaled } from './passes.ts';
import { resize } from './resize.ts';
import { rotate } from './rotate.ts';
import { sharpen } from './sharpen.ts';
import { threshold } from './threshold.ts';

/**
 * Without WebAssembly (an old WebView, or forbidden by policy): @zxing/library with a pyramid of scales and pre-processing
 * around it. Reads 195 of the 215 photographs of ZXing's own test sets; one pass reads 181.
 */
export function libraryPasses(read: typeof readWithLibrary): readonly Pass[] {
  const window = ({ width, height }: Luma) => Math.max(6, Math.min(width, height) >> 4);
  const at =
    (factor: number): Pass =>
    async (s) =>
      scaled(read(resize(s.luma(), factor)), factor);
  return [
    async (s) => read(s.luma()),
    at(0.5),
    at(1 / 3),
    at(0.25),
    async (s) => read(s.luma(), 'global'),
    async (s) => read(threshold(s.luma(), window(s.luma()), 0.07), 'global'),
    async (s) => scaled(read(sharpen(resize(s.luma(), 0.5), 2, 2)), 0.5),
    async (s) => read(localContrast(s.luma(), window(s.luma())), 'global'),
    async (s) => read(inverted(s.luma())),
    async (s) => {
      const factor = Math.min(1, 900 / Math.max(s.rgba.width, s.rgba.height));
      return scaled(read(rotate(resize(s.luma(), factor), 30)), 0);
    },
  ];
}

function inverted({ pixels, width, height }: Luma): Luma {
  const out = blankLuma(width, height);
  for (let i = 0; i < pixels.length; i++) out.pixels[i] = 255 - (pixels[i] ?? 0);
  return out;
}
