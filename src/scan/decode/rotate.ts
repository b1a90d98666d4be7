import { blankLuma, type Luma } from './luma.ts';

/** What fills the corners that rotation opens: a light grey is neither bar nor quiet zone to a local threshold. */
const SURROUND = 160;

/** Rotated about its middle by `degrees`, bilinear, on a canvas that holds all of it. */
export function rotate({ pixels, width, height }: Luma, degrees: number): Luma {
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const out = blankLuma(
    Math.ceil(Math.abs(width * cos) + Math.abs(height * sin)),
    Math.ceil(Math.abs(width * sin) + Math.abs(height * cos)),
  );
  out.pixels.fill(SURROUND);
  for (let y = 0; y < out.height; y++) {
    const fromMiddleY = y - out.height / 2;
    for (let x = 0; x < out.width; x++) {
      const fromMiddleX = x - out.width / 2;
      const u = fromMiddleX * cos + fromMiddleY * sin + width / 2 - 0.5;
      const v = -fromMiddleX * sin + fromMiddleY * cos + height / 2 - 0.5;
      if (u < 0 || v < 0 || u >= width - 1 || v >= height - 1) continue;
      const at = Math.floor(v) * width + Math.floor(u);
      const across = u - Math.floor(u);
      const upper = (pixels[at] ?? 0) * (1 - across) + (pixels[at + 1] ?? 0) * across;
      const lower = (pixels[at + width] ?? 0) * (1 - across) + (pixels[at + width + 1] ?? 0) * across;
      const down = v - Math.floor(v);
      out.pixels[y * out.width + x] = upper * (1 - down) + lower * down;
    }
  }
  return out;
}
