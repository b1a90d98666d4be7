import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { UsageError } from './command.ts';

const LARGEST = 256 * 1024;

/** A small text that somebody names on the command line. Throws UsageError. */
export function readText(file: string): string {
  try {
    if (statSync(file).size > LARGEST) throw new UsageError(`${file} is too large`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} cannot be read`);
  }
}

/** Never over a file that is there. On disk when it returns. Throws UsageError. */
export function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch {
    throw new UsageError(`${file} cannot be written, or is there already`);
  }
}
