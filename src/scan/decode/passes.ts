import type { Luma, Rgba } from './luma.ts';
import { lumaOf, rgbaOf } from './luma.ts';
import type { Attempt } from './reading.ts';
import { type PassOptions, readWithWasm } from './wasm-engine.ts';

/** An image on its way through passes: its grey form is computed once, and only if a pass asks. */
export interface Subject {
  readonly rgba: Rgba;
  luma(): Luma;
  /** Length of the shorter side, pixels. */
  readonly short: number;
}

export type Pass = (subject: Subject) => Promise<Attempt>;

/** zxing-cpp's own efforts, all of them: for stills, where a moment more does not matter. */
export const THOROUGH: PassOptions = {
  tryHarder: true,
  tryRotate: true,
  tryInvert: true,
  tryDownscale: true,
};

export function subjectOf(rgba: Rgba): Subject {
  let luma: Luma | undefined;
  return {
    rgba,
    short: Math.min(rgba.width, rgba.height),
    luma() {
      luma ??= lumaOf(rgba);
      return luma;
    },
  };
}

/** zxing-cpp over a changed image; `scale` brings its corners back, and 0 withholds them (rotated, for one). */
export async function overChanged(image: Luma, options: PassOptions, scale: number): Promise<Attempt> {
  return scaled(await readWithWasm(rgbaOf(image), options), scale);
}

export function scaled(attempt: Attempt, scale: number): Attempt {
  if (attempt.kind === 'nothing') return attempt;
  const bring = (corners: readonly { x: number; y: number }[]) =>
    scale === 0 ? [] : corners.map(({ x, y }) => ({ x: x / scale, y: y / scale }));
  if (attempt.kind === 'located') return { kind: 'located', corners: bring(attempt.corners) };
  return { kind: 'read', reading: { ...attempt.reading, corners: bring(attempt.reading.corners) } };
}

/** The first pass that reads, in order; failing that, the first place where a code was seen. */
export async function firstReading(passes: readonly Pass[], subject: Subject): Promise<Attempt> {
  let best: Attempt = { kind: 'nothing' };
  for (const pass of passes) {
    const attempt = await pass(subject);
    if (attempt.kind === 'read') return attempt;
    if (best.kind === 'nothing') best = attempt;
  }
  return best;
}
