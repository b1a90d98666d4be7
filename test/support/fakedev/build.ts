import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['fakedev.c', 'fakeusb.c'].map((name) => join(import.meta.dirname, name));
const READ = [...SOURCES, join(import.meta.dirname, 'fakedev.h')];
const FOLDER = join(import.meta.dirname, '../../../.cache/fakedev');
const LIBRARY = join(FOLDER, 'fakedev.so');

/** Path of the compiled fake udev and usbfs; compiles them if a source is newer. Needs gcc. */
export function fakeUdevLibrary(): string {
  if (changedAt(LIBRARY) >= Math.max(...READ.map(changedAt))) return LIBRARY;
  mkdirSync(FOLDER, { recursive: true });
  const draft = `${LIBRARY}.${process.pid}`;
  try {
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-o', draft, ...SOURCES, '-ldl', '-lpthread'], {
      stdio: 'inherit',
    });
  } catch (cause) {
    throw new Error('The fake ports need a C compiler: apt install gcc libc6-dev.', { cause });
  }
  renameSync(draft, LIBRARY);
  return LIBRARY;
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
