/** An 8-bit grey image, row by row, no padding. What every pre-processing step here takes and gives. */
export interface Luma {
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** RGBA, 8 bits each, row by row: an ImageData without its colour space. */
export interface Rgba {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

export function blankLuma(width: number, height: number): Luma {
  return { pixels: new Uint8ClampedArray(width * height), width, height };
}

/** Rec. 601 weights in 1/1024ths, as @zxing/browser's HTMLCanvasElementLuminanceSource has them. */
export function lumaOf({ data, width, height }: Rgba): Luma {
  const out = blankLuma(width, height);
  for (let i = 0, at = 0; i < out.pixels.length; i++, at += 4) {
    const sum = 306 * (data[at] ?? 0) + 601 * (data[at + 1] ?? 0) + 117 * (data[at + 2] ?? 0);
    out.pixels[i] = (sum + 512) >> 10;
  }
  return out;
}

export function rgbaOf({ pixels, width, height }: Luma): Rgba {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0, at = 0; i < pixels.length; i++, at += 4) {
    const value = pixels[i] ?? 0;
    data[at] = value;
    data[at + 1] = value;
    data[at + 2] = value;
    data[at + 3] = 255;
  }
  return { data, width, height };
}

/** Mean brightness 0..255 from about 4000 samples: tells darkness, and costs next to nothing. */
export function brightness({ data, width, height }: Rgba): number {
  const step = Math.max(1, Math.floor((width * height) / 4096));
  let sum = 0;
  let count = 0;
  for (let i = 0; i < width * height; i += step) {
    sum += 2 * (data[i * 4] ?? 0) + 5 * (data[i * 4 + 1] ?? 0) + (data[i * 4 + 2] ?? 0);
    count++;
  }
  return count === 0 ? 0 : sum / (8 * count);
}
