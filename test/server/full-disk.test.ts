import { existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { type SmallDisk, smallDisk } from '../support/small-disk.ts';

let disk: SmallDisk;
let data: string;
let server: TestServer;
let ines: TestOperator;
let lines: string[];
beforeEach(async () => {
  disk = smallDisk(128);
  data = join(disk.folder, 'data');
  lines = [];
  await start();
  ines = await server.signIn('ines');
});
afterEach(() => disk.remove());

/** Started again it has the same address, as it would have anywhere: another one would have to be written down. */
async function start(port = 0): Promise<void> {
  // The folder's own file, whatever this run of the tests is about.
  server = await startTestServer({ data, port, databaseUrl: '', onOutage: (line) => lines.push(line) });
}

const health = async () => {
  const response = await fetch(`${server.url}/healthz`);
  return [response.status, await response.json()];
};
const reserve = () => statSync(join(data, 'reserve'), { throwIfNoEntry: false })?.size ?? 0;
const WHOLE = 16 * 1024 * 1024;

async function batchOf(device: TestDevice, count: number) {
  const sealed = [];
  for (let n = 0; n < count; n++)
    sealed.push(await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield'));
  return sealed;
}

/** Sends until there is no room for it: what was acknowledged, and what was not taken. */
async function sendUntilFull(device: TestDevice) {
  const acknowledged: string[] = [];
  for (;;) {
    const batch = await batchOf(device, 20);
    const answer = await ines.post('/api/records', ines.batch(batch.map(({ jws }) => jws)));
    if (answer.status !== 200) return { acknowledged, answer, batch };
    acknowledged.push(...batch.map(({ digest }) => digest));
  }
}

it('says that the disk is full, loses nothing, and still revokes', async () => {
  const [device, stolen] = [await server.listedDevice(), await server.listedDevice()];
  const { jws } = await ines.seal('registration+jws', registrationOf(stolen, OAK_STREET), 'northfield');
  await ines.send([jws]);
  await server.running.decider.idle();
  expect(reserve()).toBe(WHOLE);
  expect(await health()).toEqual([200, { status: 'ok' }]);
  disk.fill();
  const { acknowledged, answer, batch } = await sendUntilFull(device);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '60']);
  expect(answer.body).toMatchObject({ code: 'unavailable' });
  expect(lines).toEqual([expect.stringContaining('the disk is full; make room (SQLITE_FULL)')]);
  expect(await health()).toEqual([503, { status: 'failing', causes: ['disk_full', 'disk_low'] }]);
  // Reading goes on.
  expect((await ines.get('/api/devices?org=northfield')).status).toBe(200);
  const before = await crl();
  const revoked = await server.fieldbind(
    ...['revoke', '--udid', stolen.udid, '--maker', stolen.maker, '--reason', 'keyCompromise', '--by', 'sam'],
  );
  expect(revoked).toMatchObject({ code: 0 });
  expect((await crl()).equals(before)).toBe(false);
  // Its room is for revocations alone: records go on waiting, by this process and by a command.
  expect(reserve()).toBe(0);
  const waits = await ines.post('/api/records', ines.batch(batch.map(({ jws: one }) => one)));
  expect(waits.status).toBe(503);
  expect(await server.fieldbind('org', 'create', 'late', '--title', 'Late')).toMatchObject({
    code: 2,
    out: expect.stringMatching(/^fieldbind: the disk is full; make room\n$/),
  });
  disk.empty();
  await expect.poll(() => lines).toHaveLength(2);
  await expect.poll(reserve).toBe(WHOLE);
  expect(await health()).toEqual([200, { status: 'ok' }]);
  const { results } = await ines.send(batch.map(({ jws: one }) => one));
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['received']));
  const { stores } = server.running.installation;
  for (const digest of acknowledged) expect(await stores.envelopes.byDigest(digest)).toBeDefined();
  expect(await verifyAudit(server.running.installation)).toMatchObject({ ok: true });
  await closeFaultless(server);
});

async function crl(): Promise<Buffer> {
  const response = await fetch(`${server.url}/crl/northfield.crl`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

it('revokes many, one after another, on what the reserve and the log give', async () => {
  const devices = [];
  for (let n = 0; n < 30; n++) devices.push(await server.listedDevice());
  for (const device of devices) {
    const { jws } = await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    await ines.send([jws]);
  }
  await server.running.decider.idle();
  disk.fill();
  await sendUntilFull(devices[0] as TestDevice);
  const sam = await server.signIn('sam').catch(() => undefined);
  // Signing in is a write that may wait.
  expect(sam).toBeUndefined();
  for (const { udid, maker } of devices) {
    const words = ['revoke', '--udid', udid, '--maker', maker, '--reason', 'keyCompromise', '--by', 'sam'];
    expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
  }
  await closeFaultless(server);
});

it('starts on a full disk, with its reserve given or not', async () => {
  const device = await server.listedDevice();
  disk.fill();
  await sendUntilFull(device);
  await server.close();
  await start(server.running.port);
  expect((await health())[0]).toBe(503);
  expect((await fetch(`${server.url}/crl/northfield.crl`)).status).toBe(200);
  await server.close();
  truncateSync(join(data, 'reserve'));
  disk.fill();
  await start(server.running.port);
  expect((await fetch(`${server.url}/crl/northfield.crl`)).status).toBe(200);
  await server.close();
});

it('goes without a reserve where there never was room for one', async () => {
  await server.close();
  rmSync(join(data, 'reserve'));
  disk.fill();
  truncateSync(join(disk.folder, 'filler'), statSync(join(disk.folder, 'filler')).size - 12 * 1024 * 1024);
  await start(server.running.port);
  expect(existsSync(join(data, 'reserve'))).toBe(false);
  ines = await server.signIn('ines');
  const [sealed] = await batchOf(await server.listedDevice(), 1);
  expect(await ines.send([sealed?.jws ?? ''])).toMatchObject({ results: [{ status: 'received' }] });
  await server.close();
});
