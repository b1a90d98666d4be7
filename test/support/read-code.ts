import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';

/** What a reader sees in the one QR code of a picture of the screen; `code` is where it is drawn. */
export async function readCode(code: Locator, of: Page | Locator): Promise<string> {
  await code.waitFor();
  // Square once it is drawn.
  await expect.poll(() => code.evaluate((it: HTMLCanvasElement) => it.width === it.height)).toBe(true);
  const wasm = readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'));
  prepareZXingModule({ overrides: { wasmBinary: wasm.buffer as ArrayBuffer } });
  const read = await readBarcodes(await of.screenshot(), { formats: ['QRCode'] });
  expect(read).toHaveLength(1);
  return read[0]?.text ?? '';
}
