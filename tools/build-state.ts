import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compressPage } from './compress-page.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const INPUTS = ['contract', 'core', 'src', 'sw', 'public', 'simulator/profiles'];
const FILES = ['index.html', 'vite.config.ts', 'package-lock.json', 'tools/compress-page.ts'];
const STAMP = join(ROOT, 'dist', '.inputs');

/** Digest of everything the page is built from. */
function digestOfInputs(): string {
  const hash = createHash('sha256');
  for (const file of [...FILES, ...INPUTS.flatMap(filesUnder)].sort()) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(ROOT, file)));
  }
  return hash.digest('hex');
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length));
}

/** Whether `dist` was built from the files as they are now. */
export function buildIsStale(): boolean {
  return !existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== digestOfInputs();
}

/** Builds the page into `dist` and notes what it was built from. */
export async function buildPage(): Promise<void> {
  const digest = digestOfInputs();
  const { build } = await import('vite');
  await build({ root: ROOT, logLevel: 'warn' });
  await compressPage(join(ROOT, 'dist'));
  writeFileSync(STAMP, digest);
}
