import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import BetterSqlite from 'better-sqlite3';
import { listChecks, listPhone } from '../support/list-phone.ts';
import { OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { signInAs } from '../support/server-operator.ts';
import { type Served, serve } from './served.ts';

/** Rows of one more than what phones once took: own rows, digests, and ten times as many as anybody had. */
const SIZES = [20_001, 200_001, 1_000_001] as const;
/** Rows that change before a phone asks again. */
const CHANGED = 100;

/** What a list costs a phone that has none of it, and one that has it when some rows changed. */
export interface ListFigures {
  readonly rows: readonly number[];
  readonly first_kib: readonly number[];
  readonly first_ms: readonly number[];
  readonly largest_answer_kib: readonly number[];
  readonly changed_100_kib: readonly number[];
  readonly changed_100_ms: readonly number[];
  /** Longest wait of somebody else meanwhile, for an answer that reads one row. */
  readonly longest_health_ms: readonly number[];
}

/**
 * Fills a list and has a phone take it, on SQLite. Ends with an error where phone and backend disagree about the first, a
 * middle or the last row, or where an answer is over its bound.
 */
export async function benchLists(largest: number): Promise<ListFigures> {
  const sizes = SIZES.filter((size) => size <= largest + 1);
  const figures: Record<keyof ListFigures, number[]> = {
    ...{ rows: [], first_kib: [], first_ms: [], largest_answer_kib: [] },
    ...{ changed_100_kib: [], changed_100_ms: [], longest_health_ms: [] },
  };
  const served = await serve('sqlite');
  try {
    const ines = await signInAs(served.urls[0] ?? '', 'ines');
    const placed = new Map<number, TestDevice>();
    let rows = 0;
    const place = async (position: number) => {
      fill(served.data, 'bulk', rows, position - rows);
      const device = await makeDevice();
      await served.importList([rowOf(device)]);
      rows = position + 1;
      placed.set(position, device);
    };
    await place(0);
    for (const size of sizes) {
      const middle = Math.floor(size / 2);
      if (middle > rows) await place(middle);
      await place(size - 1);
      const watch = watchHealth(served);
      const phone = await listPhone(ines);
      const start = performance.now();
      await take(phone);
      figures.first_ms.push(Math.round(performance.now() - start));
      figures.first_kib.push(kib(phone.bytes.reduce((sum, one) => sum + one, 0)));
      figures.largest_answer_kib.push(kib(Math.max(...phone.bytes)));
      phone.bytes.length = 0;
      await served.importList(
        await Promise.all(Array.from({ length: CHANGED }, async () => rowOf(await makeDevice()))),
      );
      const then = performance.now();
      await take(phone);
      figures.changed_100_ms.push(Math.round(performance.now() - then));
      figures.changed_100_kib.push(kib(phone.bytes.reduce((sum, one) => sum + one, 0)));
      figures.longest_health_ms.push(await watch());
      figures.rows.push(size);
      for (const position of [0, middle, size - 1]) {
        const device = placed.get(position);
        if (device === undefined) continue;
        const checks = await listChecks(phone, 'northfield', device);
        const { outcome } = await ines.submit(
          'registration+jws',
          registrationOf(device, OAK_STREET),
          'northfield',
        );
        if (checks.some((one) => one !== 'passed') || outcome !== 'bound')
          throw new Error(`row ${position} of ${size}: phone ${checks.join()}, backend ${outcome}`);
      }
    }
  } finally {
    await served.close();
  }
  return figures;
}

async function take(phone: Awaited<ReturnType<typeof listPhone>>): Promise<void> {
  const result = await phone.refresh();
  if (!result.ok) throw new Error(`the list was not taken: ${result.failure.kind}`);
}

const kib = (bytes: number) => Math.round(bytes / 102.4) / 10;

/** Rows with keys that nobody has, as long as real ones and as scattered, with digests as an import would write them. */
export function fill(data: string, maker: string, from: number, count: number): void {
  if (count <= 0) return;
  const file = new BetterSqlite(join(data, 'fieldbind.sqlite'), { timeout: 60_000 });
  // Scattered keys go to pages all over their index: with SQLite's own 2 MiB each row would read several from the disk.
  file.pragma(`cache_size = -${1024 * 1024}`);
  const last = file.prepare("select coalesce(max(n), 0) as n from versions where topic = 'list:real'");
  const insert = file.prepare(
    `with recursive numbers (k) as (select cast(? as integer) union all select k + 1 from numbers where k + 1 < ?)
     insert into list_rows (scope, maker, udid, org, public_key, row, imported_by, imported_at, digest, n)
     select 'real', '${maker}', '${maker}-' || k, 'northfield', hex(randomblob(62)),
       '{"maker":"${maker}","udid":"${maker}-' || k || '","aliases":[],"anchor":"key"}', 'bench', '2026-01-01T00:00:00.000Z',
       randomblob(12), k + cast(? as integer)
     from numbers`,
  );
  const counted = file.prepare(
    "insert into versions (topic, n) values ('list:real', ?) on conflict (topic) do update set n = excluded.n",
  );
  const write = file.transaction((first: number, end: number) => {
    const { n } = last.get() as { n: number };
    insert.run(first, end, n + 1 - first);
    counted.run(n + end - first);
  });
  for (let first = from; first < from + count; first += AT_ONCE)
    write(first, Math.min(first + AT_ONCE, from + count));
  file.pragma('wal_checkpoint(truncate)');
  file.close();
}

/** Rows of one transaction: large enough to share its cost, small enough for the log to stay small. */
const AT_ONCE = 250_000;

/** Asks how the server is, again and again, from a thread of its own. Ends with the longest wait, milliseconds. */
function watchHealth({ urls }: Served): () => Promise<number> {
  const code = `const { parentPort, workerData } = require('node:worker_threads');
    let [longest, goesOn] = [0, true];
    parentPort.once('message', () => { goesOn = false; });
    (async () => {
      while (goesOn) {
        const start = performance.now();
        // A server that was stopped is nobody's fault here.
        try { await (await fetch(workerData)).text(); } catch { return; }
        longest = Math.max(longest, performance.now() - start);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      parentPort.postMessage(Math.round(longest));
    })();`;
  const worker = new Worker(code, { eval: true, workerData: `${urls[0]}/healthz` });
  return async () => {
    const ended = new Promise<number>((resolve, reject) =>
      worker.once('message', resolve).once('error', reject),
    );
    worker.postMessage('end');
    return ended;
  };
}
