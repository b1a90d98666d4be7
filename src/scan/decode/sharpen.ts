import { boxBlur } from './box-blur.ts';
import { blankLuma, type Luma } from './luma.ts';

/** Unsharp mask: adds `amount` times what a blur of `radius` takes away. Mends focus and motion blur of about that size. */
export function sharpen(image: Luma, radius: number, amount: number): Luma {
  const blurred = boxBlur(image, radius).pixels;
  const out = blankLuma(image.width, image.height);
  for (let i = 0; i < out.pixels.length; i++) {
    const value = image.pixels[i] ?? 0;
    out.pixels[i] = value + amount * (value - (blurred[i] ?? 0));
  }
  return out;
}
