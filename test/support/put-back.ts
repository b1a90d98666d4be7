import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../../contract/operator.ts';
import type { ServeOptions } from '../../server/serve.ts';
import { copyDatabase } from '../../server/store/copy.ts';
import { databaseOf } from './database.ts';
import { fieldbind, startTestServer, type TestServer } from './server.ts';
import { type TestKey, TestOperator } from './server-operator.ts';

/** An installation whose database can be put back to a copy, on the engine that this run of the tests is about. */
export interface PutBack {
  readonly server: TestServer;
  /** Copies the database as it is now. */
  copy(): Promise<void>;
  /**
   * Puts the last copy back, and starts the server again. `killed`: the command that puts it back ended before the new era
   * began. `elsewhere`: another tool put it back, and a person said so afterwards.
   */
  putBack(how?: 'killed' | 'killed, then a command' | 'elsewhere'): Promise<TestServer>;
  close(): Promise<void>;
}

export async function startPutBack(options: Partial<ServeOptions> = {}): Promise<PutBack> {
  const data = mkdtempSync(join(tmpdir(), 'fieldbind-put-back-'));
  const copies = mkdtempSync(join(tmpdir(), 'fieldbind-copies-'));
  let life = 0;
  const urlOf = () => databaseOf(`${data} ${life}`);
  let server = await startTestServer({ ...options, data, databaseUrl: (await urlOf()) ?? '' });
  let copy = '';
  async function done(words: readonly string[], url: string | undefined): Promise<void> {
    const { code, out } = await fieldbind(data, words, url);
    if (code !== 0) throw new Error(out);
  }
  return {
    get server() {
      return server;
    },
    async copy() {
      copy = join(copies, String(Date.now()));
      const { code, out } = await server.fieldbind('backup', '--to', copy);
      if (code !== 0) throw new Error(out);
    },
    async putBack(how) {
      await server.close();
      removeDatabase(data);
      life++;
      const url = await urlOf();
      if (how === undefined) await done(['restore', '--from', copy], url);
      else await copyDatabase(copy, url ?? data, how === 'elsewhere' ? 'copy' : 'put back');
      if (how === 'killed, then a command') await done(['people'], url);
      if (how === 'elsewhere') await done(['restore', '--in-place'], url);
      server = await startTestServer({ ...options, data, databaseUrl: url ?? '' });
      return server;
    },
    async close() {
      await server.close();
      for (const folder of [data, copies]) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Takes an embedded database away, as a lost disk would. */
export function removeDatabase(data: string): void {
  for (const file of readdirSync(data).filter((name) => name.startsWith('fieldbind.sqlite')))
    rmSync(join(data, file));
}

/** The same phone, signed in afresh: key, chain and newest statement as they were. It does not enrol. */
export async function signInAgain(url: string, phone: TestOperator): Promise<TestOperator> {
  const again = await signInOnly(url, phone.session.operator, phone.key);
  again.head = phone.head;
  again.anchor = phone.anchor;
  return again;
}

/** Signs in as a demo person, and enrols nothing. */
export async function signInOnly(url: string, operator: string, key: TestKey): Promise<TestOperator> {
  const response = await fetch(`${url}/api/sign-in`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'application/json' },
    body: JSON.stringify({ operator }),
  });
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  const cookie = response.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  return new TestOperator(url, cookie, (await response.json()) as Session, key);
}
