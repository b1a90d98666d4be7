import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../../contract/operator.ts';
import { databaseOf } from './database.ts';
import { fieldbind, startTestServer, type TestServer } from './server.ts';
import { type TestKey, TestOperator } from './server-operator.ts';

/** An installation whose database can be put back to a copy, on the engine that this run of the tests is about. */
export interface PutBack {
  readonly server: TestServer;
  /** Copies the database as it is now. */
  copy(): Promise<void>;
  /** Puts the last copy back, and starts the server again. */
  putBack(): Promise<TestServer>;
  close(): Promise<void>;
}

export async function startPutBack(): Promise<PutBack> {
  const data = mkdtempSync(join(tmpdir(), 'fieldbind-put-back-'));
  const copies = mkdtempSync(join(tmpdir(), 'fieldbind-copies-'));
  let life = 0;
  const urlOf = () => databaseOf(`${data} ${life}`);
  let server = await startTestServer({ data, databaseUrl: (await urlOf()) ?? '' });
  let copy = '';
  return {
    get server() {
      return server;
    },
    async copy() {
      copy = join(copies, String(Date.now()));
      const { code, out } = await server.fieldbind('backup', '--to', copy);
      if (code !== 0) throw new Error(out);
    },
    async putBack() {
      await server.close();
      removeDatabase(data);
      life++;
      const url = await urlOf();
      const { code, out } = await fieldbind(data, ['restore', '--from', copy], url);
      if (code !== 0) throw new Error(out);
      server = await startTestServer({ data, databaseUrl: url ?? '' });
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
