import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../server/config/config.ts';
import { databaseOf } from '../support/database.ts';
import { readToken, startReceiver } from '../support/event-receiver.ts';
import { fieldbind, OAK_STREET, startTestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { startProcess } from '../support/server-process.ts';

let data: string;
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-events-'));
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

it('tells again, under the same id, what a killed process had told without noting it', async () => {
  const hook = await startReceiver();
  process.env.FIELDBIND_EVENT_HOSTS = hook.host;
  try {
    const server = await startTestServer({ data });
    const ines = await server.signIn('ines');
    const device = await server.listedDevice();
    const words = ['events', 'add', 'crm', '--org', 'northfield', '--to', hook.url];
    expect(await fieldbind(data, words, await databaseOf(data))).toMatchObject({ code: 0 });
    await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    // This one may not use the receiver's address, so it tells nothing.
    await server.close();
    expect(hook.came).toEqual([]);
    const doomed = await startProcess(data, 'told');
    if (doomed.child.signalCode === null) await once(doomed.child, 'exit');
    expect(doomed.child.signalCode).toBe('SIGKILL');
    expect(hook.came.length).toBe(1);
    // Its lease on the receiver outlives it by a minute.
    const { events } = readConfig(process.env);
    const next = await startTestServer({ data, events, clock: { now: () => Date.now() + 61_000 } });
    await hook.reached(2);
    const [first, again] = await Promise.all(hook.came.map((token) => readToken(next.url, token)));
    expect(first).toMatchObject({ kind: 'bound', said: { udid: device.udid, n: 1 } });
    expect(again).toEqual(first);
    await closeFaultless(next);
    expect(hook.came.length).toBe(2);
  } finally {
    delete process.env.FIELDBIND_EVENT_HOSTS;
    await hook.close();
  }
});
