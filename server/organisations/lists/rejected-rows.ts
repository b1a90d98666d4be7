import { type FileHandle, open } from 'node:fs/promises';
import { csvLine } from '../../../core/list-csv.ts';
import type { RowFault } from './check-row.ts';

const HEADER = csvLine(['line', 'code', 'detail', 'record']);

export interface RejectedRow {
  readonly line: number;
  readonly fault: RowFault;
  readonly text: string;
}

export function rejectedLine({ line, fault, text }: RejectedRow): string {
  return csvLine([String(line), fault.code, fault.detail, text.trim()]);
}

/** The file of rejected rows. */
export interface RejectedRows {
  /** Writes rows at `length`, where the valid part of the file ends, and returns the new length. */
  add(length: number, rows: readonly RejectedRow[]): Promise<number>;
  close(): Promise<void>;
}

/**
 * `bytes`: length of the valid part of the file; the rest, which a crash left, is cut off. Rows are on disk before
 * the job counts them. Without a path nothing is written.
 */
export async function rejectedRows(path: string | undefined, bytes: number): Promise<RejectedRows> {
  if (path === undefined) return { add: () => Promise.resolve(0), close: () => Promise.resolve() };
  const file = await openAt(path, bytes);
  return {
    async add(length, rows) {
      const lines = rows.map(rejectedLine);
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
