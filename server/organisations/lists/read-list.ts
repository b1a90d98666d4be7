import type { FileHandle } from 'node:fs/promises';
import type { ListRow } from '../../../contract/list-row.ts';
import type { CryptoPort } from '../../../core/crypto.ts';
import type { RowFault } from './check-row.ts';
import { formatOf, type ListFormat } from './list-format.ts';
import { BrokenFile, csvPieces, jsonPieces, type Piece, type Position } from './pieces.ts';

export interface ParsedRow {
  readonly piece: Piece;
  readonly read: ListRow | RowFault;
}

export const HEAD = 64 * 1024;

/** Detects the format of an open file. */
export async function fileFormat(
  file: FileHandle,
  maker: string | undefined,
  crypto: CryptoPort,
): Promise<ListFormat | RowFault> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(HEAD), position: 0 });
  return formatOf(buffer.subarray(0, bytesRead), maker, crypto);
}

/** Reads its rows from a position on, with one row in memory. Throws BrokenFile. */
export async function* readRows(
  bytes: AsyncIterable<Uint8Array>,
  format: ListFormat,
  from: Position,
): AsyncGenerator<ParsedRow> {
  const pieces = format.cut === 'json' ? jsonPieces(bytes, from) : csvPieces(bytes, from);
  for await (const piece of pieces) {
    if (piece.text.trim() === '') continue;
    const read = await format.toRow(piece.text);
    if ('code' in read && read.code === 'csv_malformed') throw new BrokenFile(piece.line, read.detail);
    yield { piece, read };
  }
}
