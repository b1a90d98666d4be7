import { boxBlur } from './box-blur.ts';
import { blankLuma, type Luma } from './luma.ts';

/** Contrast that one mean deviation is stretched to, and the least deviation taken for signal rather than noise. */
const STRETCH = 48;
const NOISE = 6;

/** Difference from the local mean in units of the local deviation: mends glare, shade and faded print. */
export function localContrast(image: Luma, radius: number): Luma {
  const { width, height } = image;
  const mean = boxBlur(image, radius).pixels;
  const deviation = blankLuma(width, height);
  for (let i = 0; i < mean.length; i++)
    deviation.pixels[i] = Math.abs((image.pixels[i] ?? 0) - (mean[i] ?? 0));
  const spread = boxBlur(deviation, radius).pixels;
  const out = blankLuma(width, height);
  for (let i = 0; i < mean.length; i++) {
    const difference = (image.pixels[i] ?? 0) - (mean[i] ?? 0);
    out.pixels[i] = 128 + (difference * STRETCH) / Math.max(NOISE, spread[i] ?? 0);
  }
  return out;
}
