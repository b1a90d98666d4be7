import { afterEach, expect, test, vi } from 'vitest';
import { nativeLane } from '../../src/scan/native-lane.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

const picture = { width: 100, height: 50, close: () => {} } as unknown as ImageBitmap;

function detector(formats: readonly string[], detect: () => Promise<readonly object[]>) {
  return class {
    static getSupportedFormats = async () => formats;
    detect = detect;
  };
}

test('no detector, or one that knows none of our formats, is no racer', async () => {
  expect(await nativeLane()).toBeUndefined();
  vi.stubGlobal(
    'BarcodeDetector',
    detector(['ean_13'], async () => []),
  );
  expect(await nativeLane()).toBeUndefined();
});

test('what it reads comes with corners in fractions of the frame', async () => {
  const cornerPoints = [{ x: 10, y: 10 }];
  vi.stubGlobal(
    'BarcodeDetector',
    detector(['qr_code', 'ean_13'], async () => [{ rawValue: 'a', format: 'qr_code', cornerPoints }]),
  );
  const reading = { text: 'a', format: 'qr', engine: 'native', corners: [{ x: 0.1, y: 0.2 }] };
  expect((await (await nativeLane())?.read(picture, undefined))?.attempt).toEqual({ kind: 'read', reading });
});

test('a detector whose service has gone is not asked again', async () => {
  vi.stubGlobal(
    'BarcodeDetector',
    detector(['qr_code'], () => Promise.reject(new Error('gone'))),
  );
  const lane = await nativeLane();
  expect((await lane?.read(picture, undefined))?.attempt.kind).toBe('nothing');
  expect(lane?.busy).toBe(true);
});
