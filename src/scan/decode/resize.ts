import { blankLuma, type Luma } from './luma.ts';

/** Scaled by `factor`: area average downwards (keeps modules that nearest-neighbour would drop), bilinear upwards. */
export function resize(image: Luma, factor: number): Luma {
  const out = blankLuma(
    Math.max(1, Math.round(image.width * factor)),
    Math.max(1, Math.round(image.height * factor)),
  );
  if (factor < 1) shrink(image, out, 1 / factor);
  else enlarge(image, out, factor);
  return out;
}

function shrink({ pixels, width, height }: Luma, out: Luma, step: number): void {
  for (let y = 0; y < out.height; y++) {
    const top = Math.min(height - 1, Math.floor(y * step));
    const bottom = Math.min(height, Math.max(top + 1, Math.floor((y + 1) * step)));
    for (let x = 0; x < out.width; x++) {
      const left = Math.min(width - 1, Math.floor(x * step));
      const right = Math.min(width, Math.max(left + 1, Math.floor((x + 1) * step)));
      let sum = 0;
      for (let v = top; v < bottom; v++) {
        for (let u = left; u < right; u++) sum += pixels[v * width + u] ?? 0;
      }
      out.pixels[y * out.width + x] = sum / ((bottom - top) * (right - left));
    }
  }
}

function enlarge({ pixels, width, height }: Luma, out: Luma, factor: number): void {
  for (let y = 0; y < out.height; y++) {
    const v = Math.max(0, (y + 0.5) / factor - 0.5);
    const top = Math.min(height - 1, Math.floor(v)) * width;
    const bottom = Math.min(height - 1, Math.floor(v) + 1) * width;
    const down = v - Math.floor(v);
    for (let x = 0; x < out.width; x++) {
      const u = Math.max(0, (x + 0.5) / factor - 0.5);
      const left = Math.min(width - 1, Math.floor(u));
      const right = Math.min(width - 1, left + 1);
      const across = u - Math.floor(u);
      const upper = (pixels[top + left] ?? 0) * (1 - across) + (pixels[top + right] ?? 0) * across;
      const lower = (pixels[bottom + left] ?? 0) * (1 - across) + (pixels[bottom + right] ?? 0) * across;
      out.pixels[y * out.width + x] = upper * (1 - down) + lower * down;
    }
  }
}
