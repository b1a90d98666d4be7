import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Change } from '../../contract/change.ts';
import type { DomainName } from '../../core/name.ts';
import { fromPem } from '../../core/pem.ts';
import type { Udid } from '../../core/udid.ts';
import { estCa } from '../../server/authority/est-ca/est-ca.ts';
import { readEstCaFiles } from '../../server/authority/est-ca/est-ca-files.ts';
import { bindingOfKey } from '../../server/authority/ra/binding/binding-of-key.ts';
import { revokeDevice } from '../../server/authority/ra/custody/revoke-device.ts';
import { verifyDevice } from '../../server/authority/va/verify-device.ts';
import { openInstallation } from '../../server/installation.ts';
import { type Intent, SignatureDelayed } from '../../server/ports/certificate-authority.ts';
import { verifyAudit } from '../../server/trail/verify-trail.ts';
import { databaseOf } from '../support/database.ts';
import { EstDevice, serverPair } from '../support/est.ts';
import { EstCaPeer, type Mood } from '../support/est-ca.ts';
import { issuerName } from '../support/issuer-name.ts';
import { openssl } from '../support/openssl.ts';
import { PATIENCE } from '../support/patience.ts';
import { OAK_STREET, PRACTICE, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { signInAs, type TestOperator } from '../support/server-operator.ts';
import { startProcess } from '../support/server-process.ts';
import { trailOf } from '../support/trail.ts';

const DAY = 24 * 3_600_000;

let folder: string;
let peer: EstCaPeer;
let server: TestServer;
let ahead: number;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-est-ca-'));
  ahead = 0;
  peer = await EstCaPeer.start(join(folder, 'ca'), clock);
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await peer.close();
  rmSync(folder, { recursive: true, force: true });
});

const data = () => join(folder, 'data');
const clock = { now: () => Date.now() + ahead };
const start = () => startTestServer({ data: data(), estCa: peer.config, clock });

async function end(): Promise<void> {
  expect(await verifyAudit(server.running.installation)).toMatchObject({ ok: true });
  await closeFaultless(server);
}

/** Sends a registration; the record's id. */
async function register(device: TestDevice, domain = OAK_STREET, org = 'northfield'): Promise<string> {
  await server.importList(org, [rowOf(device)]);
  const ines = await server.signIn('ines');
  const payload = registrationOf(device, domain);
  const { jws } = await ines.seal('registration+jws', payload, org);
  expect((await ines.send([jws])).results).toMatchObject([{ status: 'received' }]);
  return payload.id;
}

const said = async (record: string, org = 'northfield'): Promise<Change | undefined> =>
  (await (await server.signIn('sam')).changes(org)).filter((change) => change.record === record).at(-1);

/** Until the CA has answered and its answer was taken up. */
const bound = (record: string) =>
  vi.waitFor(async () => {
    const change = await said(record);
    expect(change).toMatchObject({ outcome: 'bound' });
    return change as Change;
  }, PATIENCE);

const noted = (event: string) =>
  vi.waitFor(async () => {
    const trail = await trailOf(server.running.installation.stores);
    const found = trail.filter((entry) => entry.event === event);
    expect(found.length).toBeGreaterThan(0);
    return found;
  }, PATIENCE);

const certificatesOf = async ({ udid }: TestDevice) => {
  const { stores } = server.running.installation;
  const [binding] = await stores.bindingHistory.ofUdid(udid);
  return binding === undefined ? [] : stores.certificates.ofBinding(binding.id);
};

describe('a third party’s CA in place of ours', () => {
  it('signs devices: by its chain, with our names, its own serial and end, on the trail', async () => {
    server = await start();
    const device = await makeDevice();
    const { certificate } = await bound(await register(device));
    expect(peer.signed).toEqual([certificate?.leafPem]);
    writeFileSync(peer.at('leaf.pem'), certificate?.leafPem ?? '');
    const chain = ['-CAfile', peer.at('root.pem'), '-untrusted', peer.at('issuing.pem')];
    expect((await openssl('verify', '-x509_strict', ...chain, peer.at('leaf.pem'))).out).toContain('OK');
    expect(fromPem('CERTIFICATE', certificate?.chainPem ?? '')).toHaveLength(1);
    // Its life, not the year that ours would have had: renewal and the watch go by it.
    expect(Date.parse(certificate?.notAfter ?? '') - clock.now()).toBeLessThan(31 * DAY);
    const [stored] = await certificatesOf(device);
    expect(stored).toMatchObject({ notAfter: certificate?.notAfter, notBefore: certificate?.notBefore });

    const bundle = await (await fetch(`${server.url}/ca/northfield/bundle.pem`)).text();
    expect(fromPem('CERTIFICATE', bundle)).toHaveLength(3);
    const pack = await (await server.signIn('ines')).pack('northfield');
    expect(fromPem('CERTIFICATE', pack.bundlePem)).toHaveLength(3);
    const der = fromPem('CERTIFICATE', certificate?.leafPem ?? '')[0] ?? new Uint8Array();
    const { installation } = server.running;
    const expected = { domain: OAK_STREET, udid: device.udid };
    expect(await verifyDevice(der, expected, installation)).toMatchObject({ verdict: 'trusted' });

    const trail = (await trailOf(installation.stores)).filter(({ step }) => step === '9 issue');
    expect(trail.map(({ event }) => event)).toEqual([
      'intended',
      'third-party CA asked',
      'third-party CA answered',
      'issued',
    ]);
    await end();
  });

  it('leaves practice and services to our own CA, and commands leave devices to the servers', async () => {
    server = await start();
    const device = await server.listedDevice({ org: 'training', maker: 'demo' });
    const ines = await server.signIn('ines');
    const change = await ines.submit('registration+jws', registrationOf(device, PRACTICE), 'training');
    expect(change).toMatchObject({ outcome: 'bound' });
    const asked = ['--org', 'northfield', '--name', `broker.${OAK_STREET}`];
    const files = ['--request', peer.at('tls.csr.pem'), '--to', peer.at('broker.pem')];
    await openssl('req', '-in', peer.at('tls.csr'), '-out', peer.at('tls.csr.pem'));
    expect(await server.fieldbind('ca', 'server-certificate', ...asked, ...files)).toMatchObject({ code: 0 });
    const issued = await openssl('x509', '-in', peer.at('broker.pem'), '-noout', '-issuer');
    expect(issued.out).toContain('CN = northfield CA');

    const command = await openInstallation({
      data: data(),
      databaseUrl: await databaseOf(data()),
      publicUrl: 'http://localhost',
      suffix: 'fieldbind.internal',
    });
    const issuer = await command.ca.issuer('northfield');
    const order = { udid: 'acme-1' as Udid, domain: OAK_STREET as DomainName, spki: device.spki };
    const intent = issuer?.prepare(order);
    expect(intent?.issuer).toBe('northfield@est-ca');
    await expect(issuer?.sign(intent as Intent)).rejects.toThrow(SignatureDelayed);
    expect((await command.ca.issuer('training'))?.name).toBe('training');
    await command.close();
    expect(peer.asked).toBe(0);
    await end();
  });

  it('revokes here what it signed there, and keeps it off our own list', async () => {
    server = await start();
    const device = await makeDevice();
    const { certificate } = await bound(await register(device));
    const { installation } = server.running;
    await revokeDevice(
      {
        maker: device.maker,
        udid: device.udid,
        org: 'northfield',
        reason: 'keyCompromise',
        by: 'sam',
        because: 'gone',
      },
      installation,
    );
    const der = fromPem('CERTIFICATE', certificate?.leafPem ?? '')[0] ?? new Uint8Array();
    const { verdict, checks } = await verifyDevice(der, { domain: OAK_STREET }, installation);
    expect(verdict).toBe('refused');
    expect(checks).toContainEqual({ check: 'revocation', result: 'failed', code: 'certificate_revoked' });
    expect(await installation.stores.certificateStates.revokedBy(issuerName('northfield'))).toEqual([]);
    expect((await fetch(`${server.url}/crl/northfield@est-ca.crl`)).status).toBe(404);
    expect((await fetch(`${server.url}/crl/northfield.crl`)).status).toBe(200);
    await end();
  });

  it('signs what a second person approved, in their name', async () => {
    server = await start();
    const device = await server.listedDevice({ row: { anchor: 'udid-only' } });
    const ines = await server.signIn('ines');
    const payload = registrationOf(device, OAK_STREET);
    expect(await ines.submit('registration+jws', payload, 'northfield')).toMatchObject({ outcome: 'held' });
    const sam = await server.signIn('sam');
    const path = `/api/approvals/${payload.id}?org=northfield`;
    expect(await sam.post(path, { decision: 'approve', reason: 'seen on site' })).toMatchObject({
      status: 200,
    });
    await bound(payload.id);
    const trail = (await trailOf(server.running.installation.stores)).filter(
      ({ subject }) => subject === payload.id,
    );
    expect(trail.slice(-3)).toMatchObject([
      { event: 'approved', actor: 'sam' },
      { event: 'intended', actor: 'sam' },
      { event: 'bound', actor: 'sam' },
    ]);
    await end();
  });

  it('waits as long as it is told, and asks no sooner', async () => {
    peer.mood = 'wait';
    server = await start();
    const record = await register(await makeDevice());
    await noted('third-party CA: waits');
    await server.running.decider.run();
    expect(peer.asked).toBe(1);
    expect(await said(record)).toBeUndefined();
    peer.mood = 'sign';
    ahead = 121_000;
    await server.running.decider.run();
    await bound(record);
    expect(peer.signed).toHaveLength(1);
    await end();
  });

  it('keeps what waits while the CA is away, holds up nobody else, and goes on when it is back', async () => {
    peer.mood = 'away';
    server = await start();
    const devices = await Promise.all(Array.from({ length: 12 }, () => makeDevice()));
    const records: string[] = [];
    for (const device of devices) records.push(await register(device));
    await noted('third-party CA: not_reached');
    const practice = await server.listedDevice({ org: 'training', maker: 'demo' });
    const ines = await server.signIn('ines');
    const change = await ines.submit('registration+jws', registrationOf(practice, PRACTICE), 'training');
    expect(change).toMatchObject({ outcome: 'bound' });
    peer.mood = 'sign';
    ahead = 2 * 3_600_000;
    await server.running.decider.run();
    for (const record of records) await bound(record);
    expect(peer.signed).toHaveLength(12);
    for (const device of devices) expect(await certificatesOf(device)).toHaveLength(1);
    await end();
  });

  it('is asked once by two processes that come to one intent', async () => {
    peer.mood = 'wait';
    server = await start();
    const record = await register(await makeDevice());
    await noted('third-party CA: waits');
    const { installation } = server.running;
    const [open] = await installation.stores.intents.unfinished();
    peer.mood = 'sign';
    const answered: string[] = [];
    const onFault = (error: unknown) => answered.push(String(error));
    const files = readEstCaFiles(peer.config);
    const parts = {
      ...installation,
      bindingOfKey: (spki: Uint8Array) => bindingOfKey(spki, installation),
    };
    const both = ['one', 'other'].map((writer) => estCa(files, { ...parts, writer }));
    for (const one of both) {
      one.start({ onAnswer: (id) => answered.push(id), onFault });
      expect(() => one.sign(open?.intent as Intent)).toThrow(SignatureDelayed);
    }
    await vi.waitFor(() => expect(answered).toEqual([record]), PATIENCE);
    await Promise.all(both.map((one) => one.close()));
    expect([peer.asked, peer.signed.length]).toEqual([2, 1]);
    await end();
  });

  it.each<[Mood, string]>([
    ['refuse', 'request_refused'],
    ['elsewhere', 'answer_name'],
    ['long', 'answer_life'],
    ['other key', 'answer_key'],
    ['other CA', 'answer_chain'],
    ['garbage', 'answer_unreadable'],
  ])('takes nothing else: "%s" is %s on the trail, and is not asked again at once', async (mood, code) => {
    peer.mood = mood;
    server = await start();
    const device = await makeDevice();
    const record = await register(device);
    const [entry] = await noted(`third-party CA: ${code}`);
    expect(entry).toMatchObject({ subject: device.udid, org: 'northfield', actor: 'northfield@est-ca' });
    ahead = 3_600_000;
    await server.running.decider.run();
    expect(peer.asked).toBe(1);
    expect(await said(record)).toBeUndefined();
    expect(await certificatesOf(device)).toEqual([]);
    // Put right there, it goes on by itself.
    peer.mood = 'sign';
    ahead = DAY + 3_600_000;
    await server.running.decider.run();
    await bound(record);
    await end();
  });

  it('renews by it, and goes back to our own CA when it is no longer set', async () => {
    const pair = await serverPair(folder);
    const est = { ...pair, port: 0, host: '127.0.0.1' };
    server = await startTestServer({ data: data(), estCa: peer.config, clock, est });
    const device = await makeDevice();
    const { certificate } = await bound(await register(device));
    const url = () => server.running.estUrl ?? '';
    const client = await new EstDevice(url(), folder, device).prepare();
    client.keep('leaf.pem', certificate?.leafPem ?? '');
    ahead = 25 * DAY;
    peer.mood = 'old';
    expect(await client.ask('simplereenroll', { show: 'leaf.pem' })).toMatchObject({ status: 202 });
    await noted('third-party CA: answer_old');
    peer.mood = 'sign';
    ahead = 27 * DAY;
    expect(await client.ask('simplereenroll', { show: 'leaf.pem' })).toMatchObject({ status: 202 });
    await vi.waitFor(() => expect(peer.signed).toHaveLength(3), PATIENCE);
    const renewed = await vi.waitFor(async () => {
      const answer = await client.ask('simplereenroll', { show: 'leaf.pem' });
      expect(answer.status).toBe(200);
      return answer;
    }, PATIENCE);
    expect(renewed.leaf).toBe(peer.signed[2]);
    expect(await certificatesOf(device)).toHaveLength(2);
    await end();

    server = await startTestServer({ data: data(), clock, est });
    const back = await new EstDevice(url(), folder, device).prepare();
    back.keep('new.pem', renewed.leaf);
    ahead = 50 * DAY;
    const own = await back.ask('simplereenroll', { show: 'new.pem' });
    expect(own.status).toBe(200);
    expect(peer.signed).toHaveLength(3);
    expect((await certificatesOf(device))[0]).toMatchObject({ issuer: 'northfield' });
    await end();
  });
});

describe('a server killed while a third party signs', () => {
  it.each([
    ['intended', 1, 'nothing was asked yet; the next start asks'],
    ['signed', 2, 'their first certificate is lost with us and on the trail; one is kept'],
  ])('after "%s" (%i signed there): %s', async (step, signed) => {
    server = await start();
    const device = await server.listedDevice();
    await server.close();
    const started = await startProcess(data(), step, peer.environment);
    child = started.child;
    const ines: TestOperator = await signInAs(started.url, 'ines');
    const payload = registrationOf(device, OAK_STREET);
    const { jws } = await ines.seal('registration+jws', payload, 'northfield');
    const ended = once(started.child, 'exit');
    await ines.send([jws]).catch(() => undefined);
    expect(await ended).toEqual([null, 'SIGKILL']);

    server = await start();
    // Who died may hold the lease for a minute.
    ahead = 61_000;
    await server.running.decider.run();
    const { certificate } = await bound(payload.id);
    const { stores } = server.running.installation;
    expect(peer.signed).toHaveLength(signed);
    expect(certificate?.leafPem).toBe(peer.signed.at(-1));
    expect(await certificatesOf(device)).toHaveLength(1);
    expect(await stores.intents.unfinished()).toEqual([]);
    const trail = await trailOf(stores);
    expect(trail.filter(({ event }) => event === 'third-party CA answered')).toHaveLength(signed);
    await end();
  });
});
