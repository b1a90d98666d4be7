import type { DatabaseHandle } from './database.ts';

/** How many are kept; with one more, the one unpacked first is forgotten. */
const KEPT = 20;

interface Row {
  readonly udid: string;
  readonly state: unknown;
  /** Rises with each device unpacked; rows of older versions have none and come first. */
  readonly turn?: number;
}

/** Keeps the simulated devices of this browser, so that a certificate can be written after a reload and a later practice. */
export class IdbPracticeStore {
  readonly #db: DatabaseHandle;

  constructor(db: DatabaseHandle) {
    this.#db = db;
  }

  async load(udid?: string): Promise<unknown> {
    return this.#db.use(async (db) => {
      if (udid !== undefined) return (await db.get('simulated', udid))?.state;
      return inTurn(await db.getAll('simulated')).at(-1)?.state;
    });
  }

  async save(udid: string, state: unknown): Promise<void> {
    await this.#db.use(async (db) => {
      const tx = db.transaction('simulated', 'readwrite');
      const rows = inTurn(await tx.store.getAll());
      const known = rows.find((row) => row.udid === udid);
      const row: Row = { udid, state, turn: known === undefined ? turnOf(rows.at(-1)) + 1 : turnOf(known) };
      await tx.store.put(row);
      if (known === undefined)
        for (const old of rows.slice(0, Math.max(0, rows.length + 1 - KEPT))) await tx.store.delete(old.udid);
      await tx.done;
    });
  }
}

function inTurn(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => turnOf(a) - turnOf(b));
}

function turnOf(row: Row | undefined): number {
  return row?.turn ?? 0;
}
