import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ListRow } from '../../contract/list-row.ts';
import { type Installation, openInstallation } from '../../server/installation.ts';
import { importRows } from '../../server/organisations/lists/import-rows.ts';
import { startPostgres } from '../support/postgres.ts';
import { cpuOf, residentMib } from '../support/process-use.ts';

export type EngineName = 'sqlite' | 'postgres';

/** Servers in processes of their own over one database, so that only their work is counted. */
export interface Served {
  readonly urls: readonly string[];
  /** Data folder. */
  readonly data: string;
  /** The same data, opened here, for what is prepared and looked at. */
  readonly desk: Installation;
  /** CPU seconds of servers and database so far. */
  cpuSeconds(): number;
  /** Those of the database's own processes; SQLite has none. */
  databaseCpuSeconds(): number;
  /** Memory of the servers, MiB. */
  residentMib(): number;
  importList(rows: readonly ListRow[]): Promise<void>;
  close(): Promise<void>;
}

/** Where the servers leave a profile each of what they spent (`--cpu-prof`), if anywhere. */
const profiles = process.env.BENCH_PROFILES;

const CHILD = join(import.meta.dirname, '../support/server-crash-child.ts');

export async function serve(engine: EngineName, processes = 1): Promise<Served> {
  const data = mkdtempSync(join(tmpdir(), 'fieldbind-bench-'));
  const postgres = engine === 'postgres' ? await startPostgres({ durable: true }) : undefined;
  const databaseUrl = await postgres?.database();
  const children: ChildProcess[] = [];
  const urls: string[] = [];
  for (let n = 0; n < processes; n++) {
    const child = spawn(
      process.execPath,
      [...(profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`]), CHILD, data, 'none'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, FIELDBIND_DATABASE_URL: databaseUrl ?? '' },
      },
    );
    children.push(child);
    urls.push(await firstLine(child));
  }
  const desk = await openInstallation({
    data,
    databaseUrl,
    publicUrl: 'http://localhost',
    suffix: 'fieldbind.internal',
  });
  return {
    urls,
    data,
    desk,
    residentMib: () => children.reduce((sum, { pid }) => sum + residentMib(pid ?? 0), 0),
    cpuSeconds: () => children.reduce((sum, { pid }) => sum + cpuOf(pid ?? 0), postgres?.cpuSeconds() ?? 0),
    databaseCpuSeconds: () => postgres?.cpuSeconds() ?? 0,
    async importList(rows) {
      const org = await desk.stores.orgs.org('northfield');
      if (org === undefined) throw new Error('the demo organisation is missing');
      const { errors } = await importRows(rows, org, 'bench', desk);
      if (errors.length > 0) throw new Error(`rows were not taken: ${errors[0]?.detail}`);
    },
    async close() {
      await desk.close();
      for (const child of children) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      }
      await postgres?.remove();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('no output');
  for await (const line of createInterface(stdout)) return line;
  throw new Error('the server did not start');
}
