import { blankLuma, type Luma } from './luma.ts';

/**
 * Mean over a square of `2 * radius + 1`, edges repeated: running sums along rows, then along columns, so that the cost
 * does not depend on the radius. The base of sharpening, thresholds and local contrast.
 */
export function boxBlur({ pixels, width, height }: Luma, radius: number): Luma {
  const side = 2 * radius + 1;
  const rows = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = y * width;
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += pixels[start + within(i, width)] ?? 0;
    for (let x = 0; x < width; x++) {
      rows[start + x] = sum;
      sum +=
        (pixels[start + within(x + radius + 1, width)] ?? 0) -
        (pixels[start + within(x - radius, width)] ?? 0);
    }
  }
  const out = blankLuma(width, height);
  const sums = new Float64Array(width);
  for (let i = -radius; i <= radius; i++) add(sums, rows, within(i, height) * width, 1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) out.pixels[y * width + x] = (sums[x] ?? 0) / (side * side);
    add(sums, rows, within(y + radius + 1, height) * width, 1);
    add(sums, rows, within(y - radius, height) * width, -1);
  }
  return out;
}

function add(sums: Float64Array, rows: Float32Array, start: number, sign: 1 | -1): void {
  for (let x = 0; x < sums.length; x++) sums[x] = (sums[x] ?? 0) + sign * (rows[start + x] ?? 0);
}

function within(index: number, length: number): number {
  return index < 0 ? 0 : index >= length ? length - 1 : index;
}
