import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { UsageError } from './command.ts';

const LARGEST = 256 * 1024;

/** Reads a text file of at most `largest` bytes that is named on the command line. Throws UsageError. */
export function readText(file: string, largest = LARGEST): string {
  try {
    if (statSync(file).size > largest) throw new UsageError(`${file} is too large`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} cannot be read`);
  }
}

/** Writes a new file, which is on disk when this returns. Never overwrites a file. Throws UsageError. */
export function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch {
    throw new UsageError(`${file} cannot be written, or is there already`);
  }
}
