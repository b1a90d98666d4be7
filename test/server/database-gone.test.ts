import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { OAK_STREET, startTestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.remove());

it('loses nothing it acknowledged when PostgreSQL is stopped in the middle and started again', async () => {
  const server = await startTestServer({ databaseUrl: await postgres.database() });
  const devices = await Promise.all(Array.from({ length: 40 }, () => makeDevice()));
  await server.importList(
    'northfield',
    devices.map((device) => rowOf(device)),
  );
  const phones = await Promise.all(['ines', 'ines', 'sam', 'sam'].map((name) => server.signIn(name)));
  const batches = await Promise.all(
    phones.map(async (phone, n) => {
      const jws: string[] = [];
      for (const device of devices.slice(n * 10, n * 10 + 10))
        jws.push(
          (await phone.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield')).jws,
        );
      return jws;
    }),
  );
  const sending = phones.map((phone, n) => phone.send(batches[n] ?? []).catch(() => undefined));
  // One phone has its receipts; the others are somewhere on the way.
  await Promise.race(sending);
  await postgres.stop();
  const first = await Promise.all(sending);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(503);
  await postgres.start();
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  for (const [n, phone] of phones.entries()) {
    const { results } = await phone.send(batches[n] ?? []);
    const again = results.map(({ status }) => status);
    // What was acknowledged is there; what was not is taken now, or was there without the phone's knowing.
    if (first[n] !== undefined) expect(again).toEqual(again.map(() => 'duplicate'));
    else expect(new Set([...again, 'duplicate', 'received']).size).toBe(2);
  }
  await server.running.decider.run();
  const [phone] = phones;
  const changes = (await phone?.changes('northfield')) ?? [];
  expect(changes.map(({ outcome }) => outcome)).toEqual(devices.map(() => 'bound'));
  expect(new Set(changes.map(({ udid }) => udid)).size).toBe(40);
  const { stores } = server.running.installation;
  expect(await stores.intents.unfinished()).toEqual([]);
  expect(await stores.bindingHistory.ofOrg('northfield', 100)).toHaveLength(40);
  expect(await verifyAudit(server.running.installation)).toMatchObject({ ok: true });
  await server.close();
});
