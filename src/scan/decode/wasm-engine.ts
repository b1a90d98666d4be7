import { prepareZXingModule, type ReaderOptions, type ReadResult, readBarcodes } from 'zxing-wasm/reader';
import type { Rgba } from './luma.ts';
import { type Attempt, type CodeFormat, NOTHING, type Point } from './reading.ts';

/** Where the module comes from: an address of our own origin (the package's default is a CDN), or the bytes themselves. */
export type WasmSource = { readonly url: string } | { readonly bytes: ArrayBuffer };

/** What may differ from one pass to the next; all default to off. */
export interface PassOptions {
  readonly tryHarder?: boolean;
  readonly tryRotate?: boolean;
  readonly tryInvert?: boolean;
  readonly tryDownscale?: boolean;
  readonly tryDenoise?: boolean;
  readonly binarizer?: 'FixedThreshold' | 'GlobalHistogram' | 'LocalAverage';
  /** For images thresholded hard, where bars have lost their widths. */
  readonly only2d?: boolean;
  /** Also tell where a code stands that could not be read. */
  readonly locate?: boolean;
}

/** Model 2 by name: plain QRCode also searches for Micro QR and rMQR, which no device label uses. */
const MATRIX = ['QRCodeModel2', 'DataMatrix'] as const;
const ALL = ['QRCodeModel2', 'DataMatrix', 'Code128'] as const;

/** Resolves when the module is compiled. Rejects where WebAssembly is missing, forbidden or cannot be fetched. */
export async function prepareWasm(source: WasmSource): Promise<void> {
  const overrides = 'url' in source ? { locateFile: () => source.url } : { wasmBinary: source.bytes };
  await prepareZXingModule({ overrides, fireImmediately: true });
}

/** One pass of zxing-cpp over one image. Never rejects: an image it chokes on holds nothing. */
export async function readWithWasm(image: Rgba, pass: PassOptions): Promise<Attempt> {
  const { only2d = false, locate = false, ...rest } = pass;
  const options: ReaderOptions = {
    formats: [...(only2d ? MATRIX : ALL)],
    // The default, HRI, writes GS1 codes with parentheses and loses the separators.
    textMode: 'Plain',
    maxNumberOfSymbols: 1,
    returnErrors: locate,
    tryHarder: false,
    tryRotate: false,
    tryInvert: false,
    tryDownscale: false,
    tryDenoise: false,
    ...rest,
  };
  try {
    const [first] = await readBarcodes({ ...image, colorSpace: 'srgb' } as ImageData, options);
    return first === undefined ? NOTHING : attemptOf(first);
  } catch {
    return NOTHING;
  }
}

function attemptOf(result: ReadResult): Attempt {
  const { topLeft, topRight, bottomRight, bottomLeft } = result.position;
  const corners: readonly Point[] = [topLeft, topRight, bottomRight, bottomLeft];
  const format = formatOf(result.format);
  if (!result.isValid || format === undefined) return { kind: 'located', corners };
  return { kind: 'read', reading: { text: result.text, format, corners, engine: 'wasm' } };
}

function formatOf(name: string): CodeFormat | undefined {
  if (name.startsWith('QRCode')) return 'qr';
  if (name === 'DataMatrix') return 'data-matrix';
  return name === 'Code128' ? 'code-128' : undefined;
}
