import { type CodeFormat, NOTHING, type Point } from './decode/reading.ts';
import type { Lane, LaneAttempt } from './lane.ts';

/** Shape Detection API, section 2.3; not in TypeScript's DOM types. */
interface BarcodeDetectorLike {
  detect(image: ImageBitmapSource): Promise<readonly DetectedBarcode[]>;
}
interface DetectedBarcode {
  readonly rawValue: string;
  readonly format: string;
  readonly cornerPoints: readonly Point[];
}
interface BarcodeDetectorClass {
  new (options: { readonly formats: readonly string[] }): BarcodeDetectorLike;
  getSupportedFormats(): Promise<readonly string[]>;
}

const FORMATS: Readonly<Record<string, CodeFormat>> = {
  qr_code: 'qr',
  data_matrix: 'data-matrix',
  code_128: 'code-128',
};

/** The browser's own detector as one more racer, or undefined where it is missing or knows none of our formats. */
export async function nativeLane(): Promise<Lane | undefined> {
  const detectorClass = (globalThis as { BarcodeDetector?: BarcodeDetectorClass }).BarcodeDetector;
  if (detectorClass === undefined) return undefined;
  try {
    // On some systems the class is there and the service behind it is not: the list is then empty, or the call rejects.
    const formats = (await detectorClass.getSupportedFormats()).filter((name) => name in FORMATS);
    return formats.length === 0 ? undefined : new NativeLane(new detectorClass({ formats }));
  } catch {
    return undefined;
  }
}

class NativeLane implements Lane {
  readonly #detector: BarcodeDetectorLike;
  #pending = false;
  #broken = false;

  constructor(detector: BarcodeDetectorLike) {
    this.#detector = detector;
  }

  get busy(): boolean {
    return this.#pending || this.#broken;
  }

  async read(frame: ImageBitmap | VideoFrame): Promise<LaneAttempt> {
    this.#pending = true;
    const width = 'displayWidth' in frame ? frame.displayWidth : frame.width;
    const height = 'displayHeight' in frame ? frame.displayHeight : frame.height;
    try {
      const [first] = await this.#detector.detect(frame);
      const format = first === undefined ? undefined : FORMATS[first.format];
      if (first === undefined || format === undefined || first.rawValue === '') return unread;
      const corners = first.cornerPoints.map(({ x, y }) => ({ x: x / width, y: y / height }));
      const reading = { text: first.rawValue, format, corners, engine: 'native' } as const;
      return { attempt: { kind: 'read', reading }, brightness: undefined };
    } catch {
      // The detection service does not come back once it is gone; the other lanes do its work.
      this.#broken = true;
      return unread;
    } finally {
      this.#pending = false;
      frame.close();
    }
  }

  close(): void {
    this.#broken = true;
  }
}

const unread: LaneAttempt = { attempt: NOTHING, brightness: undefined };
