import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OwnNotices } from '../../contract/notice.ts';
import { type PushDouble, startPushService } from '../support/push-service.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { startProcess } from '../support/server-process.ts';

let service: PushDouble;
let data: string;
/** What a process must be told to push there. */
let settings: Record<string, string>;
beforeAll(async () => {
  service = await startPushService();
  data = mkdtempSync(join(tmpdir(), 'fieldbind-notices-'));
  writeFileSync(join(data, 'ca.pem'), service.ca);
  settings = {
    ...{ NODE_EXTRA_CA_CERTS: join(data, 'ca.pem'), FIELDBIND_PUSH_HOSTS: service.host },
    FIELDBIND_SERVERS: 'many',
  };
});
afterAll(async () => {
  await service.close();
  rmSync(data, { recursive: true });
});

/** A server that tells nobody anything by itself. `ahead`: its clock, milliseconds. */
const quiet = (ahead = 0): Promise<TestServer> =>
  startTestServer({
    ...{ data, servers: 'many', tell: 3_600_000, clock: { now: () => Date.now() + ahead } },
    pushes: { allowed: [service.host], trust: service.ca },
  });

/** An alarm to sam, in a browser that is new. */
async function raise(server: TestServer, about: string): Promise<void> {
  const { installation, notifier } = server.running;
  await installation.stores.people.saveMembership('sam', 'northfield', 'administrator');
  const sam = await server.signIn('sam');
  const subscribe = await service.subscribe(about);
  const wishes = [{ kind: 'alarm', mail: false, push: true }];
  expect((await sam.post('/api/notices', { subscribe, wishes })).status).toBe(200);
  await installation.transact((tx) => notifier.alarm({ org: 'northfield', about }, tx));
}

it('a notice whose server was killed before it noted it is told again, as the same', async () => {
  const first = await quiet();
  await raise(first, 'killed');
  await first.close();
  const doomed = await startProcess(data, 'told', settings);
  if (doomed.child.exitCode === null && doomed.child.signalCode === null) await once(doomed.child, 'exit');
  expect([doomed.child.signalCode, service.came.length]).toEqual(['SIGKILL', 1]);
  // When the lease of the one that was killed is over.
  const next = await quiet(2 * 60_000);
  await next.running.notices.run();
  const [one, other, ...more] = service.came.map(({ headers, text }) => [headers.topic, text]);
  expect([other, more]).toEqual([one, []]);
  expect(await next.running.installation.stores.notices.waiting()).toEqual({ all: 0, failing: 0 });
  await next.close();
});

it('of two servers on one database one tells it, and both have one key', async () => {
  const [one, other] = [await quiet(), await quiet()];
  await raise(one, 'both');
  const before = service.came.length;
  await Promise.all([one, other].map(({ running }) => running.notices.run()));
  await Promise.all([one, other].map(({ running }) => running.notices.run()));
  // To sam's browser of before, and to the new one.
  expect(
    service.came
      .slice(before)
      .map(({ browser }) => browser)
      .sort(),
  ).toEqual(['both', 'killed']);
  const keys = await Promise.all(
    [one, other].map(async (server) => {
      const { body } = await (await server.signIn('sam')).get('/api/notices');
      return (body as OwnNotices).pushKey;
    }),
  );
  expect(new Set(keys).size).toBe(1);
  for (const server of [one, other]) await server.close();
});
