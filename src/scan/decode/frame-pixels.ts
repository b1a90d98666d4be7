import type { Rgba } from './luma.ts';
import type { Region } from './protocol.ts';

/** Reads pixels out of frames through one canvas, kept between frames of one size. Gives undefined if it cannot. */
export function pixelReader(): (
  source: ImageBitmap | VideoFrame,
  region: Region,
  scale: number,
) => Rgba | undefined {
  let canvas: OffscreenCanvas | undefined;
  return (source, { x, y, width, height }, scale) => {
    const w = Math.max(1, Math.round(width * scale));
    const h = Math.max(1, Math.round(height * scale));
    if (canvas === undefined || canvas.width !== w || canvas.height !== h) canvas = new OffscreenCanvas(w, h);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) return undefined;
    context.imageSmoothingQuality = 'high';
    context.drawImage(source, x, y, width, height, 0, 0, w, h);
    const { data } = context.getImageData(0, 0, w, h);
    return { data: data as Uint8ClampedArray<ArrayBuffer>, width: w, height: h };
  };
}

/** Size as shown, after a VideoFrame's own cropping and rotation. */
export function shownSize(source: ImageBitmap | VideoFrame): {
  readonly width: number;
  readonly height: number;
} {
  return 'displayWidth' in source
    ? { width: source.displayWidth, height: source.displayHeight }
    : { width: source.width, height: source.height };
}
