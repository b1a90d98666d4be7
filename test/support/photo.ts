import bwip from 'bwip-js/node';
import sharp from 'sharp';
import { type Grey, photograph, STRAIGHT, type View } from './photo-warp.ts';

/** A printed label as a grey picture with its quiet zone: an encoder of its own, not one of the decoders' makers. */
export async function printLabel(format: 'code128' | 'datamatrix' | 'qrcode', text: string): Promise<Grey> {
  const png = await bwip.toBuffer({
    bcid: format,
    text,
    scale: 6,
    padding: 8,
    backgroundcolor: 'ffffff',
    ...(format === 'code128' ? { height: 12 } : {}),
  });
  return greyOf(png);
}

/** Any picture file as grey, transparent parts white. */
export async function greyOf(file: Buffer | string): Promise<Grey> {
  const flat = sharp(file).flatten({ background: '#fff' }).toColourspace('b-w').removeAlpha();
  const { data, info } = await flat.raw().toBuffer({ resolveWithObject: true });
  return { pixels: data, width: info.width, height: info.height };
}

/** A photograph of a label, as a file. */
export async function photoOf(
  label: Grey,
  view: Partial<View>,
  type: 'jpeg' | 'png' = 'jpeg',
): Promise<Buffer> {
  const { pixels, width, height } = photograph(label, { ...STRAIGHT, ...view });
  const picture = sharp(pixels, { raw: { width, height, channels: 1 } });
  return type === 'png' ? picture.png().toBuffer() : picture.jpeg({ quality: 85 }).toBuffer();
}
