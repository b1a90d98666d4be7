import type { ListRow } from '../../../contract/list-row.ts';
import type { RowName } from '../../ports/list-bulk.ts';
import type { StoredRow } from '../../ports/maker-list.ts';

/** Selects rows; a field that is left out matches every row. */
export interface RowFilter {
  readonly maker?: string | undefined;
  readonly model?: string | undefined;
  readonly order?: string | undefined;
  readonly anchor?: string | undefined;
}

const PAGE = 1000;

/** Reads a list page by page, with one page in memory. */
export async function* pages(
  read: (after: RowName | undefined, limit: number) => Promise<StoredRow[]>,
): AsyncGenerator<StoredRow[]> {
  let after: RowName | undefined;
  for (;;) {
    const page = await read(after, PAGE);
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.row;
  }
}

export function fits(row: ListRow, { maker, model, order, anchor }: RowFilter): boolean {
  return (
    (maker === undefined || row.maker === maker) &&
    (model === undefined || row.model === model) &&
    (order === undefined || row.order === order) &&
    (anchor === undefined || row.anchor === anchor)
  );
}
