import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What the keys know of their database: whose it is, and how far it had come at the least. It lies beside the keys, since a
 * database that was lost or put back cannot say so itself.
 */
export interface InstallationMark {
  readonly aud: string;
  /** How often a server began on it. */
  readonly starts: number;
  /** Number of the newest seal of its audit trail. */
  readonly seal: number;
}

export interface MarkFile {
  read(): InstallationMark | undefined;
  /** Replaces what is there. False if this folder cannot be written to; then an older database is not noticed. */
  write(mark: InstallationMark): boolean;
  /** The same, unless what is there is further on. Several processes share the folder. */
  raise(mark: InstallationMark): boolean;
}

/** The mark of a data folder: among its key files, or where a token has the keys in the data folder itself. */
export function markFile(data: string, keysInToken: boolean): MarkFile {
  const path = join(data, ...(keysInToken ? [] : ['keys']), 'installation.json');
  function read(): InstallationMark | undefined {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    return parseMark(text);
  }
  function write(mark: InstallationMark): boolean {
    const draft = `${path}.${process.pid}.new`;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const file = openSync(draft, 'w', 0o600);
      try {
        writeSync(file, `${JSON.stringify(mark)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(draft, path);
      return true;
    } catch {
      rmSync(draft, { force: true });
      return false;
    }
  }
  return {
    read,
    write,
    raise(mark) {
      const before = read();
      if (before?.aud === mark.aud && before.starts >= mark.starts && before.seal >= mark.seal) return true;
      const starts = Math.max(mark.starts, before?.starts ?? 0);
      const seal = Math.max(mark.seal, before?.seal ?? 0);
      return write({ aud: mark.aud, starts, seal });
    },
  };
}

/** A mark that cannot be read says nothing, as if there were none: keys and database are compared all the same. */
function parseMark(text: string): InstallationMark | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null) return undefined;
    const { aud, starts, seal } = found as Partial<Record<keyof InstallationMark, unknown>>;
    if (typeof aud !== 'string' || !isCount(starts) || !isCount(seal)) return undefined;
    return { aud, starts, seal };
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
