import { pixelReader, shownSize } from './frame-pixels.ts';
import { imageSize } from './image-size.ts';
import { firstReading, type Pass, subjectOf } from './passes.ts';
import type { Region } from './protocol.ts';
import { type Attempt, NOTHING } from './reading.ts';

/** 64 MiB of file and 64 million pixels (256 MB once decoded): above phones' cameras at their ordinary setting. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_PIXELS = 64_000_000;
/** Camera files carry thumbnails and maps before the frame header; it is always within this. */
const HEAD = 512 * 1024;
/** Long side of the copy that gets every pass, and of the copy that gets the first only. */
const WORKING = 1600;
const LARGE = 4096;

export type PhotoOutcome =
  | { readonly ok: true; readonly attempt: Attempt; readonly brightness: number }
  | { readonly ok: false; readonly code: 'photo_too_large' | 'photo_unreadable' };

/**
 * Reads the code on a photograph: all passes on a copy of 1600 pixels, then one on a larger copy, then the first two on nine
 * overlapping tiles of it, for a small code in a large picture. Corners are in fractions of the picture.
 */
export async function readPhoto(image: Blob | ImageBitmap, passes: readonly Pass[]): Promise<PhotoOutcome> {
  const opened = image instanceof Blob ? await open(image) : image;
  if (typeof opened === 'string') return { ok: false, code: opened };
  try {
    return { ok: true, attempt: await search(opened, passes), brightness: 128 };
  } catch {
    return { ok: false, code: 'photo_unreadable' };
  } finally {
    opened.close();
  }
}

async function open(file: Blob): Promise<ImageBitmap | 'photo_too_large' | 'photo_unreadable'> {
  if (file.size > MAX_BYTES) return 'photo_too_large';
  const size = imageSize(new Uint8Array(await file.slice(0, HEAD).arrayBuffer()));
  if (size !== undefined && size.width * size.height > MAX_PIXELS) return 'photo_too_large';
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    return 'photo_unreadable';
  }
}

async function search(image: ImageBitmap, passes: readonly Pass[]): Promise<Attempt> {
  const pixels = pixelReader();
  const { width, height } = shownSize(image);
  const long = Math.max(width, height);
  const run = async (region: Region, scale: number, some: readonly Pass[]): Promise<Attempt> => {
    const rgba = pixels(image, region, scale);
    if (rgba === undefined) return NOTHING;
    return inFractions(await firstReading(some, subjectOf(rgba)), { ...region, scale }, { width, height });
  };
  const whole = { x: 0, y: 0, width, height };
  const first = await run(whole, Math.min(1, WORKING / long), passes);
  if (first.kind === 'read' || long <= WORKING) return first;
  const scale = Math.min(1, LARGE / long);
  for (const region of [whole, ...tiles(width, height)]) {
    const attempt = await run(region, scale, passes.slice(0, region === whole ? 1 : 2));
    if (attempt.kind === 'read') return attempt;
  }
  return first;
}

/** Three by three, each half the picture's width and height, so that a code of up to a quarter lies whole in one. */
function tiles(width: number, height: number): readonly Region[] {
  const at = [0, 0.25, 0.5];
  return at.flatMap((y) =>
    at.map((x) => ({ x: x * width, y: y * height, width: width / 2, height: height / 2 })),
  );
}

/** Corners of an image cut from `region` at `scale`, as fractions of the whole. */
export function inFractions(
  attempt: Attempt,
  region: { readonly x: number; readonly y: number; readonly scale: number },
  whole: { readonly width: number; readonly height: number },
): Attempt {
  if (attempt.kind === 'nothing') return attempt;
  const corners = (attempt.kind === 'read' ? attempt.reading.corners : attempt.corners).map(({ x, y }) => ({
    x: (region.x + x / region.scale) / whole.width,
    y: (region.y + y / region.scale) / whole.height,
  }));
  return attempt.kind === 'read'
    ? { kind: 'read', reading: { ...attempt.reading, corners } }
    : { kind: 'located', corners };
}
