import type { readWithLibrary } from './library-engine.ts';
import { overChanged, type Pass, scaled } from './passes.ts';
import { resize } from './resize.ts';
import { rotate } from './rotate.ts';
import { sharpen } from './sharpen.ts';
import { readWithWasm } from './wasm-engine.ts';

/** The fast lane's one pass, on every frame. */
export const fastPass: Pass = ({ rgba }) =>
  readWithWasm(rgba, { tryRotate: true, tryInvert: true, tryDownscale: true });

const HARD = { tryHarder: true, tryRotate: true } as const;
/** Off the axes: zxing-cpp looks at 0 and 90 degrees by itself, and bar codes allow about 20 to either side. */
const ANGLES = [22, 68, 45];

/**
 * The rescue lane's passes, one per frame in turn: the next frame differs anyway, so four cheap passes on four frames find
 * more than four on one. Fast and rescue in a single worker gain nothing; they need a lane each.
 */
export function rescuePasses(library: typeof readWithLibrary | undefined): readonly Pass[] {
  let turn = 0;
  const passes: Pass[] = [
    (s) => overChanged(sharpen(resize(s.luma(), 0.5), 2, 2), { ...HARD, locate: true }, 0.5),
    (s) =>
      readWithWasm(s.rgba, { ...HARD, tryInvert: true, tryDownscale: true, tryDenoise: true, locate: true }),
    (s) => overChanged(rotate(resize(s.luma(), 0.7), ANGLES[turn++ % ANGLES.length] ?? 45), HARD, 0),
  ];
  if (library !== undefined) passes.push(async (s) => scaled(library(resize(s.luma(), 0.5)), 0.5));
  return passes;
}
