import { toBase64Url } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import type { PhotoStore } from '../../ports/photos.ts';

export type PhotoErrorCode =
  /** The file is no picture that this browser reads. */
  | 'picture_unreadable'
  /** It shows a code whose place could not be told, so that it could not be blanked. */
  | 'picture_shows_code';

export class PhotoError extends Error {
  override readonly name = 'PhotoError';
  readonly code: PhotoErrorCode;
  constructor(code: PhotoErrorCode) {
    super(code);
    this.code = code;
  }
}

/** Where a code lies, in fractions of width and height; undefined where there is none. */
export type FindCode = (
  picture: Blob,
) => Promise<readonly { readonly x: number; readonly y: number }[] | undefined>;

/** Of the longer side. */
const LONGEST = 1600;
const MOST_BYTES = 512 * 1024;
const QUALITIES = [0.8, 0.65, 0.5, 0.35] as const;
const MOST_CODES = 4;
/** Around a code, of its own size: what stands beside it is often the same in words. */
const MARGIN = 0.15;

export interface TakePhotoPorts {
  readonly photos: Pick<PhotoStore, 'add'>;
  readonly crypto: CryptoPort;
  readonly clock: Clock;
  readonly findCode: FindCode;
}

/**
 * Makes evidence of a picture: scaled down, every code on it blanked (labels carry secrets), drawn anew so that nothing of
 * the file but its pixels is left (no place, no camera), and stored under its digest. Rejects with PhotoError or
 * StorageError.
 */
export async function takePhoto(
  ports: TakePhotoPorts,
  file: Blob,
  udid: string,
): Promise<{ readonly digest: string; readonly bytes: number }> {
  const canvas = await drawn(file);
  for (let i = 0; ; i++) {
    const outline = await ports.findCode(await encoded(canvas, 0.9));
    if (outline === undefined) break;
    if (outline.length < 3 || i === MOST_CODES) throw new PhotoError('picture_shows_code');
    blank(canvas, outline);
  }
  const data = await fitting(canvas);
  const digest = toBase64Url(await ports.crypto.sha256(data));
  await ports.photos.add({ digest, data, udid, at: ports.clock.now() });
  return { digest, bytes: data.length };
}

async function drawn(file: Blob): Promise<HTMLCanvasElement> {
  const picture = await createImageBitmap(file).catch(() => {
    throw new PhotoError('picture_unreadable');
  });
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas;
}

function blank(
  canvas: HTMLCanvasElement,
  outline: readonly { readonly x: number; readonly y: number }[],
): void {
  const [xs, ys] = [outline.map(({ x }) => x * canvas.width), outline.map(({ y }) => y * canvas.height)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const [dx, dy] = [Math.max(4, width * MARGIN), Math.max(4, height * MARGIN)];
  const context = canvas.getContext('2d');
  if (context === null) throw new PhotoError('picture_unreadable');
  context.fillStyle = '#808080';
  context.fillRect(left - dx, top - dy, width + 2 * dx, height + 2 * dy);
}

async function fitting(canvas: HTMLCanvasElement) {
  for (const quality of QUALITIES) {
    const picture = await encoded(canvas, quality);
    if (picture.size <= MOST_BYTES) return new Uint8Array(await picture.arrayBuffer());
  }
  throw new PhotoError('picture_unreadable');
}

function encoded(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const take = (picture: Blob | null) =>
      picture === null ? reject(new PhotoError('picture_unreadable')) : resolve(picture);
    canvas.toBlob(take, 'image/jpeg', quality);
  });
}
