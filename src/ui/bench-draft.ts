import { ListRow } from '../../contract/list-row.ts';
import { parse } from '../../contract/parse.ts';
import type { BenchRow } from '../flow/bench-list.ts';
import type { Drafts } from '../ports/drafts.ts';

const BENCH_LIST = 'bench-list';

/** A list under construction, with what the person set for all of it. */
export interface BenchDraft {
  readonly maker: string;
  readonly model: string;
  readonly rows: readonly BenchRow[];
}

/** Kept over restarts, since a bench is worked through in days. Rejects with StorageError, so that nobody reads on in vain. */
export function keepBenchList(drafts: Drafts, draft: BenchDraft): Promise<void> {
  return drafts.save(BENCH_LIST, draft);
}

/** The list as it was left; whatever in it no longer reads is left out. */
export async function loadBenchList(drafts: Drafts): Promise<BenchDraft> {
  const kept = await drafts.load(BENCH_LIST);
  if (!isObject(kept)) return { maker: '', model: '', rows: [] };
  const rows = Array.isArray(kept.rows) ? kept.rows.flatMap(readRow) : [];
  return { maker: textOf(kept.maker, 16), model: textOf(kept.model, 128), rows };
}

function readRow(value: unknown): BenchRow[] {
  if (!isObject(value) || typeof value.readAt !== 'number') return [];
  const row = parse(ListRow, value.row);
  if (row === undefined) return [];
  const { attestation } = value;
  if (!isObject(attestation)) return [{ row, readAt: value.readAt }];
  const { imei, uuid, token } = attestation;
  if (typeof imei !== 'string' || typeof uuid !== 'string' || typeof token !== 'string') return [];
  return [{ row, readAt: value.readAt, attestation: { imei, uuid, token } }];
}

function textOf(value: unknown, longest: number): string {
  return typeof value === 'string' ? value.slice(0, longest) : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
