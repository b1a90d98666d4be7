import type { ListRow } from '../../contract/list-row.ts';
import type { CryptoPort } from '../../core/crypto.ts';
import { formatOf } from '../../server/organisations/lists/list-format.ts';
import { BrokenFile } from '../../server/organisations/lists/pieces.ts';
import { readRows } from '../../server/organisations/lists/read-list.ts';

interface Rows {
  readonly rows: { readonly line: number; readonly row: ListRow }[];
  readonly faults: { readonly line: number; readonly code: string; readonly detail: string }[];
}

/** What the importer reads out of a file with this text, given to it in chunks of `size`. */
export async function rowsIn(
  text: string,
  maker: string | undefined,
  crypto: CryptoPort,
  size = 7,
): Promise<Rows> {
  const out: Rows = { rows: [], faults: [] };
  const bytes = Buffer.from(text, 'utf8');
  const format = await formatOf(bytes, maker, crypto);
  if ('code' in format) {
    out.faults.push({ line: 1, ...format });
    return out;
  }
  const chunks = async function* () {
    for (let at = format.begin.offset; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  try {
    for await (const { piece, read } of readRows(chunks(), format, format.begin)) {
      if ('code' in read) out.faults.push({ line: piece.line, ...read });
      else out.rows.push({ line: piece.line, row: read });
    }
  } catch (error) {
    if (!(error instanceof BrokenFile)) throw error;
    out.faults.push({ line: error.line, code: 'broken', detail: error.message });
  }
  return out;
}
