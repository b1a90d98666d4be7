import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListImportResult, ListRow } from '../../contract/list-row.ts';
import { runCommandLine } from '../../server/command-line.ts';
import { importRows } from '../../server/organisations/lists/import-rows.ts';
import { type RunningServer, type ServeOptions, startServer } from '../../server/serve.ts';
import { databaseOf } from './database.ts';
import { makeDevice, rowOf, type TestDevice, type WantedDevice } from './server-device.ts';
import { signInAs, type TestKey, type TestOperator } from './server-operator.ts';

/** A real server on a free port of this machine, with a data folder of its own. */
export interface TestServer {
  readonly url: string;
  readonly data: string;
  readonly running: RunningServer;
  /** Errors that the server called its own; empty after a good test. */
  readonly faults: readonly unknown[];
  signIn(operator: string, key?: TestKey): Promise<TestOperator>;
  /** Adds rows to an organisation's list, as the command line does. */
  importList(org: string, rows: readonly ListRow[]): Promise<ListImportResult>;
  /** A new device whose row stands on an organisation's list: northfield's unless told otherwise. */
  listedDevice(wanted?: ListedDevice): Promise<TestDevice>;
  /** Runs the command line beside the running server. Gives code and output; never rejects. */
  fieldbind(...words: string[]): Promise<{ code: number; out: string }>;
  /** Ends the server, and removes its data unless they were handed in. */
  close(): Promise<void>;
}

export interface ListedDevice extends WantedDevice {
  readonly org?: string;
  /** What its row says otherwise. */
  readonly row?: Partial<ListRow>;
}

/** Domains of the demo people, for tests. */
export const OAK_STREET = 'oak-street.northfield.fieldbind.internal';
export const HARBOUR = 'harbour.northfield.fieldbind.internal';
export const HANNA = 'hanna.fieldbind.internal';
export const PRACTICE = 'practice.training.fieldbind.internal';

export async function startTestServer(options: Partial<ServeOptions> = {}): Promise<TestServer> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'fieldbind-test-'));
  const faults: unknown[] = [];
  // '': the folder's own file, whatever this run of the tests is about.
  const databaseUrl = (options.databaseUrl ?? (await databaseOf(data))) || undefined;
  const running = await startServer({
    port: 0,
    onFault: (error) => faults.push(error),
    ...options,
    data,
    databaseUrl,
  });
  const { url, installation } = running;
  const importList: TestServer['importList'] = async (name, rows) => {
    const org = await installation.stores.orgs.org(name);
    if (org === undefined) throw new Error(`no organisation ${name}`);
    return importRows(rows, org, 'test', installation);
  };
  return {
    url,
    data,
    running,
    faults,
    signIn: (operator, key) => signInAs(url, operator, key),
    importList,
    async listedDevice({ org = 'northfield', row, ...wanted } = {}) {
      const device = await makeDevice(wanted);
      const { errors } = await importList(org, [rowOf(device, row)]);
      if (errors.length > 0) throw new Error(`not listed: ${JSON.stringify(errors)}`);
      return device;
    },
    fieldbind: (...words) => fieldbind(data, words, databaseUrl),
    async close() {
      await running.close();
      if (options.data === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
}

/** The command line on a data folder, told nothing but the folder. It opens an installation of its own, as its process would. */
export async function fieldbind(
  data: string,
  words: readonly string[],
  databaseUrl?: string,
): Promise<{ code: number; out: string }> {
  const printed: string[] = [];
  const complaints: string[] = [];
  const code = await runCommandLine(words, {
    env: { ...process.env, FIELDBIND_DATA: data, FIELDBIND_DATABASE_URL: databaseUrl ?? '' },
    print: (line) => printed.push(line),
    complain: (line) => complaints.push(line),
  });
  const lines = code === 0 ? printed : [...printed, ...complaints];
  return { code, out: lines.map((line) => `${line}\n`).join('') };
}
