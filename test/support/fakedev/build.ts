import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = join(import.meta.dirname, 'fakedev.c');
const FOLDER = join(import.meta.dirname, '../../../.cache/fakedev');
const LIBRARY = join(FOLDER, 'fakedev.so');

/** Path of the compiled fake udev; compiles it if its source is newer. Needs gcc. */
export function fakeUdevLibrary(): string {
  if (changedAt(LIBRARY) >= changedAt(SOURCE)) return LIBRARY;
  mkdirSync(FOLDER, { recursive: true });
  const draft = `${LIBRARY}.${process.pid}`;
  try {
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-o', draft, SOURCE, '-ldl'], {
      stdio: 'inherit',
    });
  } catch (cause) {
    throw new Error('The fake serial port needs a C compiler: apt install gcc libc6-dev.', { cause });
  }
  renameSync(draft, LIBRARY);
  return LIBRARY;
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
