import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Change } from '../../contract/change.ts';
import { type Installation, openInstallation } from '../../server/installation.ts';
import { importRows } from '../../server/organisations/lists/import-rows.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { databaseOf } from '../support/database.ts';
import { HANNA, OAK_STREET } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { signInAs, type TestOperator } from '../support/server-operator.ts';
import { type ServerProcess, startProcess } from '../support/server-process.ts';

let data: string;
let processes: ServerProcess[] = [];
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-two-'));
  await databaseOf(data);
});
afterEach(async () => {
  for (const one of processes) await one.stop();
  rmSync(data, { recursive: true, force: true });
});

async function openDesk(): Promise<Installation> {
  const databaseUrl = await databaseOf(data);
  return openInstallation({ data, databaseUrl, publicUrl: 'http://x', suffix: 'fieldbind.internal' });
}

/** A phone that registers every device, in batches. */
async function phoneFor(
  url: string,
  [operator, org, domain]: readonly [string, string, string],
  devices: readonly TestDevice[],
): Promise<{ operator: TestOperator; batches: string[][] }> {
  const phone = await signInAs(url, operator);
  const batches: string[][] = [];
  for (const [index, device] of devices.entries()) {
    const { jws } = await phone.seal('registration+jws', registrationOf(device, domain), org);
    if (index % 25 === 0) batches.push([]);
    batches.at(-1)?.push(jws);
  }
  return { operator: phone, batches };
}

async function allDecided(phone: TestOperator, org: string, count: number): Promise<Change[]> {
  for (;;) {
    const changes = await phone.changes(org);
    if (changes.length >= count) return changes;
  }
}

it('binds each of 100 devices once, of 1,000 registrations by two organisations over two processes', async () => {
  // Started together on an empty folder: keys, CAs and tables are made once.
  const many = { FIELDBIND_SERVERS: 'many' };
  processes = await Promise.all([startProcess(data, 'none', many), startProcess(data, 'none', many)]);
  const [one = '', two = ''] = processes.map(({ url }) => url);
  const desk = await openDesk();
  const devices: TestDevice[] = [];
  for (let n = 0; n < 100; n++) devices.push(await makeDevice());
  const org = await desk.stores.orgs.org('northfield');
  if (org === undefined) throw new Error('northfield is missing');
  await importRows(
    devices.map((device) => rowOf(device)),
    org,
    'test',
    desk,
  );
  const mine = ['ines', 'northfield', OAK_STREET] as const;
  const others = ['hanna', 'hanna-home', HANNA] as const;
  const phones = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      phoneFor(n % 4 < 2 ? one : two, n % 2 === 0 ? mine : others, devices),
    ),
  );
  await Promise.all(
    phones.map(async ({ operator, batches }) => {
      for (const batch of batches) {
        const { results } = await operator.send(batch);
        expect(results.map(({ status }) => status)).toEqual(batch.map(() => 'received'));
      }
    }),
  );
  const [first, second] = phones;
  if (first === undefined || second === undefined) throw new Error('no phones');
  const said = [
    ...(await allDecided(first.operator, 'northfield', 500)),
    ...(await allDecided(second.operator, 'hanna-home', 500)),
  ];
  expect(said).toHaveLength(1000);
  const bound = said.filter(({ outcome }) => outcome === 'bound');
  expect(new Set(bound.map(({ udid }) => udid)).size).toBe(100);
  // Within an organisation the same device in the same place is the same installation: one certificate.
  expect(new Set(bound.map(({ certificate }) => certificate?.fingerprint)).size).toBe(100);
  expect(bound.filter(({ code }) => code === undefined)).toHaveLength(100);
  const refused = said.filter(({ outcome }) => outcome !== 'bound');
  expect(bound.length + refused.length).toBe(1000);
  expect(refused).toHaveLength(500);
  // Decided before the device was bound, it claims the row of the list, and waits for whoever has that; later, the binding.
  const claims = await desk.stores.rowClaims.ofOwner(org.name, 1000);
  const held = refused.filter(({ outcome }) => outcome === 'held');
  expect(new Set(held.map(({ udid }) => udid))).toEqual(new Set(claims.map(({ udid }) => udid)));
  for (const { outcome, code, detail } of refused) {
    expect({ outcome, code }).toEqual({
      outcome: outcome === 'held' ? 'held' : 'refused',
      code: 'transfer_case',
    });
    expect(detail ?? '').not.toMatch(/northfield|hanna|ines/);
  }
  const live = [
    ...(await desk.stores.bindingHistory.ofOrg('northfield', 1000)),
    ...(await desk.stores.bindingHistory.ofOrg('hanna-home', 1000)),
  ];
  expect(live).toHaveLength(100);
  expect(await desk.stores.intents.unfinished()).toEqual([]);
  expect(await verifyAudit(desk)).toMatchObject({ ok: true });
  await desk.close();
});
