import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { EstDevice, serverPair } from '../support/est.ts';
import { openssl } from '../support/openssl.ts';
import { query, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { Console, until, WAITS_FOR_LOCK, WAITS_FOR_STANDBY } from '../support/postgres-faults.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf } from '../support/server-device.ts';
import type { TestOperator } from '../support/server-operator.ts';

let postgres: TestPostgres;
let folder: string;
let url: string;
let server: TestServer;
let ines: TestOperator;
let lines: string[];
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.remove());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-outage-'));
  url = await postgres.database();
  lines = [];
  server = await startTestServer({
    databaseUrl: url,
    est: { port: 0, host: '127.0.0.1', ...(await serverPair(folder)) },
    onOutage: (line) => lines.push(line),
  });
  ines = await server.signIn('ines');
});
afterEach(async () => {
  expect(server.faults).toEqual([]);
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function registration(): Promise<string> {
  const device = await server.listedDevice();
  return (await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield')).jws;
}

it('answers everybody by 503 and when to ask again while the database is away, and says so in one line', async () => {
  const jws = await registration();
  const device = await new EstDevice(
    server.running.estUrl ?? '',
    folder,
    await server.listedDevice(),
  ).prepare();
  const bundle = join(folder, 'bundle.pem');
  writeFileSync(bundle, await (await fetch(`${server.url}/ca/northfield/bundle.pem`)).text());
  await postgres.stop();
  const answers = await Promise.all([
    ...Array.from({ length: 50 }, () => ines.post('/api/records', ines.batch([jws]))),
    ...['/api/session', '/api/devices?org=northfield'].map((path) => ines.get(path)),
  ]);
  for (const { status, headers, body } of answers) {
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    expect(body).toMatchObject({ code: 'unavailable', detail: 'Not available now' });
  }
  const crl = await fetch(`${server.url}/crl/northfield.crl`);
  expect([crl.status, crl.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await device.ask('simpleenroll')).toMatchObject({ status: 503, retryAfter: '5' });
  const asked = ['-issuer', bundle, '-cert', bundle, '-url', `${server.url}/ocsp`];
  expect((await openssl('ocsp', '-no_nonce', ...asked)).out).toContain('trylater');
  expect((await fetch(`${server.url}/healthz`)).status).toBe(503);
  await server.running.decider.run().catch(() => undefined);
  expect(lines).toEqual([expect.stringContaining('the database cannot be reached')]);
  await postgres.start();
  await expect.poll(() => lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^the database does its work again, after \d+ s in which it failed \d+ times$/);
  expect(await ines.send([jws])).toMatchObject({ results: [{ status: 'received' }] });
});

it('sends no receipt for what only this machine has, and takes the record when it is sent again', async () => {
  const jws = await registration();
  const desk = new Console(url);
  await desk.standbyMissing(true);
  const sent = ines.post('/api/records', ines.batch([jws]));
  await desk.end('cancel', WAITS_FOR_STANDBY);
  const { status, headers, body } = await sent;
  expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  expect(body).toMatchObject({ code: 'unavailable' });
  await desk.standbyMissing(false);
  const { results } = await ines.send([jws]);
  expect(results).toMatchObject([{ status: 'duplicate', receipt: expect.any(String) }]);
});

it('leaves no connection in an aborted transaction when somebody cancels a statement that waits', async () => {
  const jws = await registration();
  const desk = new Console(url);
  const release = await desk.holdTurn();
  const sent = ines.post('/api/records', ines.batch([jws]));
  await desk.end('cancel', WAITS_FOR_LOCK);
  expect((await sent).status).toBe(503);
  await release();
  const health = await Promise.all(
    Array.from({ length: 40 }, async () => (await ines.get('/api/devices?org=northfield')).status),
  );
  expect(new Set(health)).toEqual(new Set([200]));
  await until(url, `${desk.ours(`state = 'idle in transaction (aborted)'`)} = 0`);
  expect(await ines.send([jws])).toMatchObject({ results: [{ status: 'received' }] });
});

it('decides at once what waited, when a primary that takes writes is there again', async () => {
  const desk = new Console(url);
  const jws = await registration();
  await ines.send([jws]);
  await server.running.decider.idle();
  const other = await registration();
  await desk.readOnly(true);
  await desk.end('terminate', 'true');
  expect((await ines.post('/api/records', ines.batch([other]))).status).toBe(503);
  // What may only read goes on.
  expect((await ines.get('/api/devices?org=northfield')).status).toBe(200);
  await desk.readOnly(false);
  expect(await ines.send([other])).toMatchObject({ results: [{ status: 'received' }] });
  expect(await ines.send([jws])).toMatchObject({ results: [{ status: 'duplicate' }] });
  await expect.poll(() => lines).toHaveLength(2);
});

it('gives the last CRL for as long as it is good, when no other can be signed', async () => {
  const desk = new Console(url);
  const fetchCrl = async () => {
    const response = await fetch(`${server.url}/crl/northfield.crl`);
    return [response.status, response.headers.get('etag')];
  };
  const before = await fetchCrl();
  // As if another process had revoked something, and not come to signing.
  await query(
    url,
    `insert into revocation_counts (issuer, n) values ('northfield', 9) on conflict (issuer) do update set n = 9`,
  );
  await desk.readOnly(true);
  expect(await fetchCrl()).toEqual(before);
  await desk.readOnly(false);
  const [status, etag] = await fetchCrl();
  expect(status).toBe(200);
  expect(etag).not.toBe(before[1]);
});
