import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const COMPRESSIBLE = /\.(?:html|js|css|svg|wasm|webmanifest)$/;
const WAYS = {
  br: (bytes: Uint8Array) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gz: (bytes: Uint8Array) => promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
};

/**
 * Writes `<file>.br` and `<file>.gz` beside each file of the page that they make smaller. Done once when the page is built, so
 * that the server sends the best compression there is and spends no time on it.
 */
export async function compressPage(dist: string): Promise<void> {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
    COMPRESSIBLE.test(file),
  );
  await Promise.all(
    files.flatMap((file) =>
      Object.entries(WAYS).map(async ([ending, compress]) => {
        const path = join(dist, file);
        const bytes = await readFile(path);
        const packed = await compress(bytes);
        if (packed.length < bytes.length) await writeFile(`${path}.${ending}`, packed);
      }),
    ),
  );
}
