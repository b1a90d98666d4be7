import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../contract/change.ts';
import { fromBase64Url } from '../../core/bytes.ts';
import { parseCrl } from '../../core/crl.ts';
import { refreshCrls } from '../../server/authority/va/publish-crl.ts';
import type { MachineClock } from '../../server/config/believed-clock.ts';
import { clockWatch } from '../../server/config/watch-clock.ts';
import { openInstallation } from '../../server/installation.ts';
import { watchDue } from '../../server/outside/events/due.ts';
import { sealTrail } from '../../server/trail/seal-trail.ts';
import { databaseOf } from '../support/database.ts';
import { issuerName } from '../support/issuer-name.ts';
import { openssl } from '../support/openssl.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { trailOf } from '../support/trail.ts';

const DAY = 24 * 3_600_000;

let data: string;
let server: TestServer;
let wrong: number;
/** Sentences that the server said to whoever runs it. */
let said: string[];

/** This machine's clocks; the wall clock may be wrong. */
const machine: MachineClock = {
  now: () => Date.now() + wrong,
  steady: () => performance.now(),
  sinceBoot: () => undefined,
  boot: () => undefined,
};

async function start(clock: { now(): number } = machine): Promise<TestServer> {
  return startTestServer({ data, clock, onNotice: (sentence) => said.push(sentence) });
}

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'fieldbind-clock-'));
  wrong = 0;
  said = [];
});
afterEach(async () => {
  expect(server.faults).toEqual([]);
  await server.close();
  rmSync(data, { recursive: true });
});

const at = (name: string) => join(data, name);

async function bind(ines: TestOperator): Promise<{ device: TestDevice; leafPem: string }> {
  const device = await server.listedDevice();
  const bound = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  return { device, leafPem: (bound.certificate as IssuedCertificate).leafPem };
}

async function ask(path: string): Promise<{ status: number; body: Uint8Array; headers: Headers }> {
  const answer = await fetch(`${server.url}${path}`);
  return { status: answer.status, body: await answer.bytes(), headers: answer.headers };
}

async function askOcsp(): Promise<string> {
  const { body } = await ask('/ca/northfield/bundle.pem');
  writeFileSync(at('bundle.pem'), body);
  const { out } = await openssl(
    ...['ocsp', '-issuer', at('bundle.pem'), '-CAfile', at('bundle.pem'), '-no_nonce'],
    ...['-cert', at('leaf.pem'), '-url', `${server.url}/ocsp`],
  );
  return out;
}

async function verifies(): Promise<string> {
  for (const name of ['bundle.pem', 'crls.pem'])
    writeFileSync(at(name), (await ask(`/ca/northfield/${name}`)).body);
  const { out } = await openssl(
    ...['verify', '-crl_check', '-CAfile', at('bundle.pem'), '-CRLfile', at('crls.pem'), at('leaf.pem')],
  );
  return out;
}

describe('a clock that runs away', () => {
  it.each([2 * DAY, 400 * DAY, -3 * DAY])(
    'by %i ms signs and remembers nothing, and all is right after it',
    async (jump) => {
      server = await start();
      const { installation } = server.running;
      const ines = await server.signIn('ines');
      const first = await bind(ines);
      writeFileSync(at('leaf.pem'), first.leafPem);
      await server.fieldbind(
        'events',
        'add',
        'trap',
        '--org',
        'northfield',
        '--to',
        'https://example.invalid/',
      );
      const crl = (await ask('/crl/northfield.crl')).body;
      const second = await server.listedDevice();
      const pack = await ines.pack('northfield');
      const { jws } = await ines.seal('registration+jws', registrationOf(second, OAK_STREET), 'northfield');
      const remembered = async () => {
        const { receivers, crls, audit } = installation.stores;
        return [
          await receivers.receivers(),
          await crls.crl(issuerName('northfield')),
          await audit.lastSeal(),
        ];
      };
      await sealTrail(installation);
      const before = await remembered();
      writeFileSync(at('bundle.pem'), (await ask('/ca/northfield/bundle.pem')).body);
      const made = await openssl(
        ...[
          'ocsp',
          '-issuer',
          at('bundle.pem'),
          '-cert',
          at('leaf.pem'),
          '-no_nonce',
          '-reqout',
          at('question'),
        ],
      );
      expect(made.code).toBe(0);
      const question = readFileSync(at('question'));

      wrong = jump;
      expect(await ask('/healthz')).toMatchObject({ status: 503 });
      const refused = await ines.post('/api/records', ines.batch([jws]));
      expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await ines.get('/api/work-pack?org=northfield')).toMatchObject({ status: 503 });
      for (let call = 0; call < 3; call++)
        expect((await ask('/api/probe?nonce=nonce-0123456789abcdef')).status).toBe(503);
      // What was signed before is still true, and nobody keeps it longer.
      const kept = await ask('/crl/northfield.crl');
      expect(kept).toMatchObject({ status: 200, body: crl });
      expect(kept.headers.get('cache-control')).toBe('public, max-age=0');
      const asked = await fetch(`${server.url}/ocsp`, {
        method: 'POST',
        headers: { 'content-type': 'application/ocsp-request' },
        body: question,
      });
      // tryLater (RFC 6960 section 4.2.1).
      expect(Buffer.from(await asked.bytes()).toString('hex')).toBe('30030a0103');
      for (const round of [
        () => refreshCrls(installation),
        () => sealTrail(installation),
        () => watchDue(installation),
        () => server.running.events.run(),
        () => server.running.decider.run(),
      ])
        await round().catch((error: unknown) => expect(error).toMatchObject({ code: 'clock_not_believed' }));
      expect(await remembered()).toEqual(before);
      const metrics = new TextDecoder().decode((await ask('/metrics')).body);
      expect(metrics).toContain(`fieldbind_clock_ahead_seconds ${Math.round(jump / 1000)}`);

      wrong = 0;
      expect(await ask('/healthz')).toMatchObject({ status: 200 });
      expect(await verifies()).toContain('leaf.pem: OK');
      expect(await askOcsp()).toMatch(/leaf\.pem: good/);
      expect((await ines.pack('northfield')).issuedAt).toBe(pack.issuedAt);
      const [taken] = (await ines.send([jws])).results;
      expect(taken).toMatchObject({ status: 'received' });
      expect((await ask('/api/probe?nonce=nonce-0123456789abcdef')).status).toBe(200);
      expect(await bind(ines)).toBeDefined();
    },
  );

  it('is told once, on the trail too, and believed when somebody confirms it', async () => {
    server = await start();
    const { installation } = server.running;
    const { machine: clock } = installation;
    if (clock === undefined) throw new Error('the clock is not one of a machine');
    wrong = 90 * DAY;
    const watch = clockWatch({ ...installation, clock, say: (sentence) => said.push(sentence) });
    await watch.look();
    await watch.look();
    expect(said).toEqual([expect.stringMatching(/90 days ahead.*clock confirm/)]);
    // The entry stands where the time should be, not three months later.
    const entry = (await trailOf(installation.stores)).find(({ event }) => event === 'clock not believed');
    expect(Math.abs(Date.parse(entry?.at ?? '') - Date.now())).toBeLessThan(DAY);

    const databaseUrl = await databaseOf(data);
    const other = await openInstallation({
      data,
      databaseUrl,
      publicUrl: 'http://x',
      suffix: 'x.internal',
      clock: machine,
    });
    expect(await other.confirmClock()).toBeDefined();
    await other.close();
    expect([await watch.look(), await watch.look(), await watch.look()]).toEqual([false, true, false]);
    expect(said.at(-1)).toContain('right again');
    // Three months later every CRL has ended, so a server begins its round at once (serve.ts).
    expect((await ask('/healthz')).status).toBe(503);
    await refreshCrls(installation);
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('is refused at a start, from before the last time and from long after it', async () => {
    server = await start();
    await server.close();
    for (const jump of [-2 * DAY, 400 * DAY]) {
      wrong = jump;
      await expect(start()).rejects.toThrow(/the clock of this machine is .* clock confirm/);
    }
    wrong = 0;
    server = await start();
    expect((await ask('/healthz')).status).toBe(200);
  });
});

describe('what a clock that was ahead has left', () => {
  it('is stale as soon as the clock is right', async () => {
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead };
    server = await start(clock);
    const { installation } = server.running;
    const ines = await server.signIn('ines');
    const { leafPem } = await bind(ines);
    writeFileSync(at('leaf.pem'), leafPem);
    await server.fieldbind(
      'events',
      'add',
      'trap',
      '--org',
      'northfield',
      '--to',
      'https://example.invalid/',
    );

    ahead = 400 * DAY;
    const later = await server.signIn('ines');
    const ofLater = await later.pack('northfield');
    await refreshCrls(installation);
    await sealTrail(installation);
    await watchDue(installation);
    await server.running.events.run();
    expect(await askOcsp()).toContain('leaf.pem');
    for (let call = 0; call < 3; call++) await ask('/api/probe?nonce=nonce-0123456789abcdef');

    ahead = 0;
    expect(await verifies()).toContain('leaf.pem: OK');
    expect(await askOcsp()).toMatch(/leaf\.pem: good/);
    // Whoever was signed in was signed out a year later.
    const again = await server.signIn('ines');
    const pack = await again.pack('northfield');
    expect(Date.parse(pack.issuedAt)).toBeLessThan(Date.parse(ofLater.issuedAt) - 300 * DAY);
    const list = parseCrl(fromBase64Url(pack.crl) ?? new Uint8Array());
    expect(list.thisUpdate).toBeLessThan(Date.now());
    // A session of then would live for a year.
    expect(await later.get('/api/session')).toMatchObject({ status: 401 });
    const [receiver] = await installation.stores.receivers.receivers();
    expect(receiver?.nextAt).toBeDefined();
    const lease = {
      name: 'seal',
      owner: 'another',
      now: new Date().toISOString(),
      until: new Date(Date.now() + 90_000).toISOString(),
    };
    expect(await installation.stores.leases.take(lease)).toBe(true);
    expect(
      await installation.stores.leases.take({
        ...lease,
        name: 'events due',
        until: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    ).toBe(true);
  });

  it('and one that was behind neither', async () => {
    let ahead = -400 * DAY;
    server = await start({ now: () => Date.now() + ahead });
    const before = await server.signIn('ines');
    await before.pack('northfield');
    ahead = 0;
    const ines = await server.signIn('ines');
    const { leafPem } = await bind(ines);
    writeFileSync(at('leaf.pem'), leafPem);
    expect(await verifies()).toContain('leaf.pem: OK');
    expect(await askOcsp()).toMatch(/leaf\.pem: good/);
  });
});

describe('a verifier whose clock is behind', () => {
  it.each([2, 30, 59])(
    'by %i minutes takes a good device right after another one was revoked',
    async (minutes) => {
      server = await start({ now: () => Date.now() });
      const ines = await server.signIn('ines');
      const [good, bad] = [await bind(ines), await bind(ines)];
      writeFileSync(at('good.pem'), good.leafPem);
      writeFileSync(at('bad.pem'), bad.leafPem);
      const words = [
        'revoke',
        '--udid',
        bad.device.udid,
        '--maker',
        'acme',
        '--reason',
        'keyCompromise',
        '--by',
        'sam',
      ];
      expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
      for (const name of ['bundle.pem', 'crls.pem'])
        writeFileSync(at(name), (await ask(`/ca/northfield/${name}`)).body);
      const behind = String(Math.floor(Date.now() / 1000) - minutes * 60);
      const verify = (name: string) =>
        openssl(
          ...['verify', '-crl_check', '-CAfile', at('bundle.pem'), '-CRLfile', at('crls.pem')],
          ...['-attime', behind, at(name)],
        );
      expect((await verify('good.pem')).out).toContain('good.pem: OK');
      expect((await verify('bad.pem')).out).toContain('certificate revoked');
      // Nothing on the list comes after it, and an OCSP answer says the same.
      writeFileSync(at('list.crl'), (await ask('/crl/northfield.crl')).body);
      const { out } = await openssl('crl', '-inform', 'DER', '-in', at('list.crl'), '-noout', '-text');
      const dates = [...out.matchAll(/(Last Update|Revocation Date): (.*)/g)].map(([, , date = '']) =>
        Date.parse(date),
      );
      const [thisUpdate = 0, revoked = 0] = dates;
      expect(revoked).toBeLessThanOrEqual(thisUpdate);
      expect(thisUpdate).toBeLessThanOrEqual(Date.now() - minutes * 60_000);
      writeFileSync(at('leaf.pem'), bad.leafPem);
      const answer = await askOcsp();
      const [ofAnswer = '', ofRevocation = ''] = ['This Update', 'Revocation Time'].map(
        (name) => new RegExp(`${name}: (.*)`).exec(answer)?.[1],
      );
      expect(Date.parse(ofRevocation)).toBeLessThanOrEqual(Date.parse(ofAnswer));
      expect(Date.parse(ofAnswer)).toBeLessThanOrEqual(Date.now() - minutes * 60_000);
    },
  );
});
