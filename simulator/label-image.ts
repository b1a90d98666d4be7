import { writeFileSync } from 'node:fs';
import bwip from 'bwip-js/node';

/** Writes the label as a QR code in PNG, large enough to be printed or shown on a screen. */
export async function writeLabel(file: string, text: string): Promise<void> {
  const png = await bwip.toBuffer({ bcid: 'qrcode', text, scale: 6, padding: 8, backgroundcolor: 'FFFFFF' });
  writeFileSync(file, png);
}
