import { boxBlur } from './box-blur.ts';
import { blankLuma, type Luma } from './luma.ts';

/**
 * Black where a pixel is darker than the mean around it by more than `bias` (Bradley and Roth 2007). Mends uneven light;
 * ruins the widths of bars, so for 2D codes only.
 */
export function threshold(image: Luma, radius: number, bias: number): Luma {
  const mean = boxBlur(image, radius).pixels;
  const out = blankLuma(image.width, image.height);
  for (let i = 0; i < out.pixels.length; i++) {
    out.pixels[i] = (image.pixels[i] ?? 0) < (mean[i] ?? 0) * (1 - bias) ? 0 : 255;
  }
  return out;
}
