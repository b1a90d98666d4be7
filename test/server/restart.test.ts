import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigError } from '../../server/config/config.ts';
import { openInstallation } from '../../server/installation.ts';
import { databaseOf } from '../support/database.ts';
import { OAK_STREET, startTestServer } from '../support/server.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-restart-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

it('keeps roles, names and titles that were changed since the first start', async () => {
  const first = await startTestServer({ data });
  const joined = await first.fieldbind(
    'operator',
    'join',
    'sam',
    '--org',
    'northfield',
    '--role',
    'installer',
  );
  expect(joined.out).toContain('sam is installer in northfield');
  const { people, domains } = first.running.installation.stores;
  const sam = await people.person('sam');
  if (sam === undefined) throw new Error('sam is missing');
  await people.savePerson({ ...sam, name: 'Samira Petrov' });
  await first.fieldbind('domain', 'create', OAK_STREET, '--org', 'northfield', '--title', 'Oak Street 14');
  await domains.saveSite(OAK_STREET, { id: 'roof', title: 'Flat roof' });
  await first.close();

  const again = await startTestServer({ data });
  const phone = await again.signIn('sam');
  expect(phone.session).toMatchObject({ name: 'Samira Petrov' });
  expect(phone.session.memberships[0]).toMatchObject({ org: 'northfield', role: 'installer' });
  const { domains: after } = again.running.installation.stores;
  expect(await after.domain(OAK_STREET)).toMatchObject({ title: 'Oak Street 14' });
  expect(await after.sites(OAK_STREET)).toContainEqual({ id: 'roof', title: 'Flat roof' });
  await again.close();
});

it('goes over to another address and says so; the command line follows', async () => {
  const old = 'https://old.example';
  const first = await startTestServer({ data, publicUrl: old });
  expect(first.running.installation.notes).toEqual([]);
  await first.close();
  const again = await startTestServer({ data, publicUrl: 'https://new.example' });
  expect(again.running.installation.notes).toEqual([expect.stringContaining(old)]);
  expect((await again.fieldbind('org', 'create', 'third', '--title', 'Third')).code).toBe(0);
  const third = await again.running.installation.stores.authorities.authority('third');
  expect(Buffer.from(third?.certificate ?? []).toString('latin1')).toContain(
    'https://new.example/ca/root.cer',
  );
  await again.close();
  const same = await startTestServer({ data, publicUrl: 'https://new.example' });
  expect(same.running.installation.notes).toEqual([]);
  await same.close();
});

it('keeps its suffix: another one is refused, and the command line uses the one that stands', async () => {
  const first = await startTestServer({ data, suffix: 'acme.example' });
  const made = await first.fieldbind('domain', 'create', 'north.acme.example', '--org', 'northfield');
  expect(made.out).toContain('created north.acme.example');
  await first.close();
  const other = startTestServer({ data, suffix: 'fieldbind.internal' });
  await expect(other).rejects.toThrow(ConfigError);
  await expect(other).rejects.toThrow('FIELDBIND_SUFFIX=acme.example');
  const desk = await openInstallation({
    data,
    databaseUrl: await databaseOf(data),
    publicUrl: 'http://x',
    suffix: 'y.example',
  });
  expect(desk.suffix).toBe('acme.example');
  await desk.close();
});
