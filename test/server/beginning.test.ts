import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { databaseOf } from '../support/database.ts';
import { fieldbind, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import { startProcess } from '../support/server-process.ts';

/** Every test here is about files of a data folder, so each has its database there, whatever this run is about. */
const IN_FILE = { databaseUrl: '' } as const;

let folder: string;
let open: TestServer[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-beginning-'));
});
afterEach(async () => {
  for (const server of open) await server.close();
  open = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

async function start(data: string): Promise<TestServer> {
  const server = await startTestServer({ data, ...IN_FILE });
  open.push(server);
  return server;
}

/** An installation with one revoked device, stopped. */
async function madeInstallation(data: string): Promise<string> {
  const server = await start(data);
  const ines = await server.signIn('ines');
  const device = await server.listedDevice();
  await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  const words = [
    'revoke',
    '--udid',
    device.udid,
    '--maker',
    'acme',
    '--reason',
    'keyCompromise',
    '--by',
    'sam',
  ];
  expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
  await server.close();
  return device.udid;
}

function removeDatabase(data: string): void {
  for (const name of readdirSync(data).filter((one) => one.startsWith('fieldbind.sqlite')))
    rmSync(join(data, name));
}

it('stops where keys are and no database is, and a restored one takes their place', async () => {
  const data = at('lost');
  const udid = await madeInstallation(data);
  expect(await fieldbind(data, ['backup', '--to', at('lost-copy')])).toMatchObject({ code: 0 });
  removeDatabase(data);
  await expect(start(data)).rejects.toThrow(/keys of an installation.*restore --from.*begin --anew/);
  for (const words of [
    ['audit', 'verify'],
    ['devices', '--org', 'northfield'],
    ['org', 'create', 'west', '--title', 'West'],
    ['move', '--to', at('elsewhere')],
    ['backup', '--to', at('elsewhere')],
  ])
    expect(await fieldbind(data, words)).toMatchObject({ code: 2, out: expect.stringContaining('database') });
  // Nobody has made an empty database meanwhile, which would be in the way now.
  expect(await fieldbind(data, ['restore', '--from', at('lost-copy')])).toMatchObject({ code: 0 });
  const again = await start(data);
  expect((await again.fieldbind('devices', '--org', 'northfield')).out).toContain(udid);
});

it('stops where a database is without its keys, or with those of another installation', async () => {
  const [one, other] = [at('one'), at('other')];
  await madeInstallation(one);
  await madeInstallation(other);
  const apart = at('apart');
  cpSync(one, apart, { recursive: true });
  rmSync(join(apart, 'keys'), { recursive: true });
  await expect(start(apart)).rejects.toThrow(/keys are not in/);
  cpSync(join(other, 'keys'), join(apart, 'keys'), { recursive: true });
  await expect(start(apart)).rejects.toThrow(/another installation/);
  // Nor when the keys say nothing of themselves, as those of an older version.
  rmSync(join(apart, 'keys', 'installation.json'));
  await expect(start(apart)).rejects.toThrow(/another installation/);
  expect(await fieldbind(apart, ['audit', 'verify'])).toMatchObject({ code: 2 });
  // A backup of another installation is not restored beside these keys.
  expect(await fieldbind(other, ['backup', '--to', at('other-copy')])).toMatchObject({ code: 0 });
  const target = at('target');
  cpSync(join(one, 'keys'), join(target, 'keys'), { recursive: true });
  expect(await fieldbind(target, ['restore', '--from', at('other-copy')])).toMatchObject({
    code: 2,
    out: expect.stringContaining('of another installation'),
  });
  expect(existsSync(join(target, 'fieldbind.sqlite'))).toBe(false);
});

it('stops on a plain copy of the one file of a running database', async () => {
  const data = at('running');
  const server = await start(data);
  const copied = at('copied');
  mkdirSync(copied);
  cpSync(join(data, 'fieldbind.sqlite'), join(copied, 'fieldbind.sqlite'));
  await expect(start(copied)).rejects.toThrow(/copied without its log/);
  expect(await fieldbind(copied, ['audit', 'verify'])).toMatchObject({ code: 2 });
  cpSync(join(data, 'keys'), join(copied, 'keys'), { recursive: true });
  await expect(start(copied)).rejects.toThrow(/database is not there/);
  // Closed and opened again, the file alone holds all that was before, and nothing of what came after.
  await server.close();
  const again = await start(data);
  const older = at('older');
  mkdirSync(older);
  cpSync(join(data, 'fieldbind.sqlite'), join(older, 'fieldbind.sqlite'));
  cpSync(join(data, 'keys'), join(older, 'keys'), { recursive: true });
  await again.close();
  await expect(start(older)).rejects.toThrow(/older than what these keys have signed.*-wal.*--in-place/);
  expect(await fieldbind(older, ['audit', 'verify'])).toMatchObject({ code: 2 });
  expect(await fieldbind(older, ['restore', '--in-place'])).toMatchObject({ code: 0 });
  await start(older);
});

it('notices a database of before the last start, after which much was sealed', async () => {
  const data = at('sealed');
  await (await start(data)).close();
  cpSync(join(data, 'fieldbind.sqlite'), at('before.sqlite'));
  const server = await start(data);
  await server.fieldbind('org', 'create', 'west', '--title', 'West');
  await server.close();
  const mark = JSON.parse(readFileSync(join(data, 'keys', 'installation.json'), 'utf8')) as { seal: number };
  expect(mark.seal).toBeGreaterThan(1);
  removeDatabase(data);
  cpSync(at('before.sqlite'), join(data, 'fieldbind.sqlite'));
  await expect(start(data)).rejects.toThrow(/rows are missing/);
});

it('begins anew on purpose only, and puts nothing away for good', async () => {
  const data = at('anew');
  await madeInstallation(data);
  removeDatabase(data);
  expect(await fieldbind(data, ['begin'])).toMatchObject({ code: 2, out: expect.stringContaining('--anew') });
  const before = readdirSync(join(data, 'keys')).sort();
  expect(await fieldbind(data, ['begin', '--anew'])).toMatchObject({ code: 0 });
  expect(readdirSync(join(data, 'aside-1', 'keys')).sort()).toEqual(before);
  const server = await start(data);
  // The new one has keys of its own, so a device that was revoked before means nothing to it.
  expect(readFileSync(join(data, 'keys', 'northfield.key.pem'), 'utf8')).not.toBe(
    readFileSync(join(data, 'aside-1', 'keys', 'northfield.key.pem'), 'utf8'),
  );
  expect((await server.fieldbind('devices', '--org', 'northfield')).code).toBe(0);
});

it('answers no command about an installation that nobody began', async () => {
  const data = at('nothing');
  expect(await fieldbind(data, ['audit', 'verify'])).toMatchObject({
    code: 2,
    out: expect.stringContaining('there is no installation'),
  });
  expect(existsSync(join(data, 'fieldbind.sqlite'))).toBe(false);
  expect(existsSync(join(data, 'keys'))).toBe(false);
});

it('has one owner: a second server and what replaces the database are refused, and every other command works', async () => {
  const data = at('owned');
  const server = await start(data);
  await expect(start(data)).rejects.toThrow(/another server works with.*FIELDBIND_SERVERS=many/);
  expect(await server.fieldbind('backup', '--to', at('owned-copy'))).toMatchObject({ code: 0 });
  removeDatabase(data);
  for (const words of [
    ['restore', '--from', at('owned-copy')],
    ['restore', '--in-place'],
    ['begin', '--anew'],
  ])
    expect((await fieldbind(data, words)).code).toBe(2);
  expect(existsSync(join(data, 'fieldbind.sqlite'))).toBe(false);
});

it('is free again after its owner was killed', async () => {
  const data = at('killed');
  const url = await databaseOf(data);
  const { child } = await startProcess(data);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  const server = await startTestServer({ data, databaseUrl: url ?? '' });
  open.push(server);
  expect((await server.fieldbind('audit', 'verify')).out).toContain('all in place');
});

it('takes no record into a database that was removed, and ends with one sentence', async () => {
  const data = at('taken');
  const server = await start(data);
  const ines = await server.signIn('ines');
  const device = await server.listedDevice();
  expect(await server.fieldbind('backup', '--to', at('taken-copy'))).toMatchObject({ code: 0 });
  removeDatabase(data);
  cpSync(join(at('taken-copy'), 'fieldbind.sqlite'), join(data, 'fieldbind.sqlite'));
  const { jws } = await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  const answer = await ines.post('/api/records', ines.batch([jws]));
  expect(answer.status).toBe(503);
  expect(await server.running.gone).toContain('taken away');
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  expect(server.faults).toEqual([]);
  // What is there now is not said to be older than what went with the removed one.
  await start(data);
});
