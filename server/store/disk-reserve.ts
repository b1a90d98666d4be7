import { randomBytes } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { freeBytes } from './sqlite-errors.ts';

const MIB = 1024 * 1024;
/** What must be left beside it, or making it would itself fill the disk. */
const BESIDE = 8 * MIB;

export interface DiskReserve {
  /** Whether whatever may wait is to wait: the reserve was given, and could not be made again since. */
  isGiven(): boolean;
  /** Gives its room to what may not wait. False if it has none to give. */
  give(): boolean;
  /** Makes it, if there is room for it and for some work beside it. */
  make(): void;
}

/**
 * A file that takes room on the data folder's disk, which revocations and CRLs are given when the disk is full. Given, it is an
 * empty file: all processes of the folder see by it that nothing else is to be written, or the room would be gone again before
 * anybody revokes anything. A folder that never had room for it has none, and goes without.
 */
export function diskReserve(folder: string, bytes = 16 * MIB): DiskReserve {
  const path = join(folder, 'reserve');
  const size = () => statSync(path, { throwIfNoEntry: false })?.size;

  function make(): void {
    if (size() === bytes || freeBytes(folder) < bytes + BESIDE) return;
    const part = `${path}.${process.pid}`;
    try {
      const file = openSync(part, 'w', 0o600);
      try {
        // Not zeros: some file systems keep none of them.
        const piece = randomBytes(MIB);
        for (let written = 0; written < bytes; )
          written += writeSync(file, piece, 0, Math.min(MIB, bytes - written));
      } finally {
        closeSync(file);
      }
      renameSync(part, path);
    } catch {
      // The room went meanwhile.
      rmSync(part, { force: true });
    }
  }

  return {
    make,
    isGiven() {
      const now = size();
      if (now === undefined || now === bytes) return false;
      // Whoever writes next finds that there is room again.
      make();
      return size() !== bytes;
    },
    give() {
      if (!size()) return false;
      truncateSync(path);
      return true;
    },
  };
}
