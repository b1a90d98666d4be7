// Deep imports: the package's index cannot be tree-shaken and is four times as big. Its three readers are called one by
// one, because its MultiFormatReader writes a warning with a stack to the console for each reader and each frame.
import BinaryBitmap from '@zxing/library/es2015/core/BinaryBitmap';
import GlobalHistogramBinarizer from '@zxing/library/es2015/core/common/GlobalHistogramBinarizer';
import HybridBinarizer from '@zxing/library/es2015/core/common/HybridBinarizer';
import DecodeHintType from '@zxing/library/es2015/core/DecodeHintType';
import DataMatrixReader from '@zxing/library/es2015/core/datamatrix/DataMatrixReader';
import Code128Reader from '@zxing/library/es2015/core/oned/Code128Reader';
import QRCodeReader from '@zxing/library/es2015/core/qrcode/QRCodeReader';
import RGBLuminanceSource from '@zxing/library/es2015/core/RGBLuminanceSource';
import type { Luma } from './luma.ts';
import { type Attempt, type CodeFormat, NOTHING } from './reading.ts';

const READERS = [
  { format: 'qr' as CodeFormat, reader: new QRCodeReader() },
  { format: 'data-matrix' as CodeFormat, reader: new DataMatrixReader() },
  { format: 'code-128' as CodeFormat, reader: new Code128Reader() },
];
const HINTS = new Map<DecodeHintType, unknown>([[DecodeHintType.TRY_HARDER, true]]);

/** One pass of @zxing/library: a second opinion beside zxing-cpp, and the way where there is no WebAssembly. */
export function readWithLibrary(image: Luma, binarizer: 'global' | 'local' = 'local'): Attempt {
  const source = new RGBLuminanceSource(image.pixels, image.width, image.height);
  const bits = binarizer === 'local' ? new HybridBinarizer(source) : new GlobalHistogramBinarizer(source);
  for (const { format, reader } of READERS) {
    try {
      const result = reader.decode(new BinaryBitmap(bits), HINTS);
      const corners = (result.getResultPoints() ?? []).map((p) => ({ x: p.getX(), y: p.getY() }));
      return { kind: 'read', reading: { text: result.getText(), format, corners, engine: 'library' } };
    } catch {
      // NotFound, Checksum and Format all mean the same here: the next reader's turn.
    } finally {
      reader.reset();
    }
  }
  return NOTHING;
}
