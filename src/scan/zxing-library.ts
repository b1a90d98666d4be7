/**
 * The part of @zxing/library that BrowserCodeReader and worker-reader.ts use. vite.config.ts puts it in place of the
 * package's index, which cannot be tree-shaken and brings every reader and writer with it.
 */
export { default as ArgumentException } from '@zxing/library/es2015/core/ArgumentException';
export { default as BarcodeFormat } from '@zxing/library/es2015/core/BarcodeFormat';
export { default as BinaryBitmap } from '@zxing/library/es2015/core/BinaryBitmap';
export { default as ChecksumException } from '@zxing/library/es2015/core/ChecksumException';
export { default as HybridBinarizer } from '@zxing/library/es2015/core/common/HybridBinarizer';
export { default as DecodeHintType } from '@zxing/library/es2015/core/DecodeHintType';
export { default as FormatException } from '@zxing/library/es2015/core/FormatException';
export { default as IllegalArgumentException } from '@zxing/library/es2015/core/IllegalArgumentException';
export { default as InvertedLuminanceSource } from '@zxing/library/es2015/core/InvertedLuminanceSource';
export { default as LuminanceSource } from '@zxing/library/es2015/core/LuminanceSource';
export { default as NotFoundException } from '@zxing/library/es2015/core/NotFoundException';
export { default as Result } from '@zxing/library/es2015/core/Result';
export { default as ResultPoint } from '@zxing/library/es2015/core/ResultPoint';
