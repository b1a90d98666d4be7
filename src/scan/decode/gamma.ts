import { blankLuma, type Luma } from './luma.ts';

/** Brightness to the power of `exponent`; above 1 it parts what overexposure pressed together. */
export function gamma(image: Luma, exponent: number): Luma {
  const table = new Uint8ClampedArray(256);
  for (let i = 0; i < 256; i++) table[i] = 255 * (i / 255) ** exponent;
  const out = blankLuma(image.width, image.height);
  for (let i = 0; i < out.pixels.length; i++) out.pixels[i] = table[image.pixels[i] ?? 0] ?? 0;
  return out;
}
