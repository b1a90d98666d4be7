import { type FileHandle, open } from 'node:fs/promises';
import { csvLine } from '../../../core/list-csv.ts';
import type { RowFault } from './check-row.ts';

const HEADER = csvLine(['line', 'code', 'detail', 'record']);

export interface Rejected {
  readonly line: number;
  readonly fault: RowFault;
  readonly text: string;
}

/** A file of what was not taken. */
export interface RejectedRows {
  /** Writes them from `length` on, where what counts so far ends, and gives how long it is then. */
  add(length: number, rows: readonly Rejected[]): Promise<number>;
  close(): Promise<void>;
}

/**
 * `bytes`: how much of the file counts; what a crash left behind that goes. It is on the disk before the job says so.
 * Without a path nothing is written.
 */
export async function rejectedRows(path: string | undefined, bytes: number): Promise<RejectedRows> {
  if (path === undefined) return { add: () => Promise.resolve(0), close: () => Promise.resolve() };
  const file = await openAt(path, bytes);
  return {
    async add(length, rows) {
      const lines = rows.map(({ line, fault, text }) =>
        csvLine([String(line), fault.code, fault.detail, text.trim()]),
      );
      const written = Buffer.from([length === 0 ? HEADER : '', ...lines].join(''), 'utf8');
      if (written.length === 0) return length;
      await file.truncate(length);
      await file.write(written, 0, written.length, length);
      await file.datasync();
      return length + written.length;
    },
    close: () => file.close(),
  };
}

async function openAt(path: string, bytes: number): Promise<FileHandle> {
  if (bytes === 0) return open(path, 'w');
  const file = await open(path, 'r+');
  await file.truncate(bytes);
  return file;
}
