import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deliveries } from '../../server/connectors/deliveries.ts';
import { isPublicAddress } from '../../server/connectors/public-address.ts';
import { watchDue } from '../../server/events/due.ts';
import { eventSender } from '../../server/events/sender.ts';
import { addSink, removeSink, resumeSink } from '../../server/events/sinks.ts';
import { EVENT_KINDS, type EventKind, type EventSink } from '../../server/ports/events.ts';
import { renewCertificate } from '../../server/ra/renew-certificate.ts';
import {
  type EventReceiver,
  readToken,
  startReceiver,
  status,
  type Told,
} from '../support/event-receiver.ts';
import { openssl } from '../support/openssl.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import type { TestOperator } from '../support/server-operator.ts';

const DAY = 24 * 3_600_000;
const now = { at: Date.now() };
let server: TestServer;
let hook: EventReceiver;
let ines: TestOperator;
let sam: TestOperator;
beforeAll(async () => {
  hook = await startReceiver();
  server = await startTestServer({
    clock: { now: () => now.at },
    events: { allowed: [hook.host], files: undefined },
    // Only when a test says so.
    tell: 3_600_000,
  });
  ines = await server.signIn('ines');
  sam = await server.signIn('sam');
});
afterAll(async () => {
  expect(server.faults).toEqual([]);
  await server.close();
  await hook.close();
});

const stores = () => server.running.installation.stores;

/** A receiver of its own for a test. */
async function listen(name: string, kinds: readonly EventKind[] = EVENT_KINDS): Promise<void> {
  const { installation } = server.running;
  const wanted = { name, org: 'northfield', target: hook.url, topic: undefined, kinds, by: 'test' };
  expect(await addSink(wanted, installation)).toBeUndefined();
}

/** Lets the sender go as far as it can, and gives what came since. */
async function told(): Promise<Told[]> {
  const before = hook.came.length;
  await server.running.events.run();
  return Promise.all(hook.came.slice(before).map((token) => readToken(server.url, token)));
}

const kinds = (some: readonly Told[]) => some.map(({ kind }) => kind);

async function submit(device: TestDevice, changes: Parameters<typeof registrationOf>[2] = {}) {
  const capturedAt = new Date(now.at).toISOString();
  return ines.submit(
    'registration+jws',
    registrationOf(device, OAK_STREET, { capturedAt, ...changes }),
    'northfield',
  );
}

async function bound(): Promise<TestDevice> {
  const device = await makeDevice();
  await server.importList('northfield', [rowOf(device)]);
  expect((await submit(device)).outcome).toBe('bound');
  return device;
}

const act = ({ maker, udid }: TestDevice, body: object) =>
  sam.post(`/api/devices/${maker}/${udid}?org=northfield`, { because: 'seen', ...body });

afterEach(async () => {
  now.at = Date.now();
  hook.answers.length = 0;
  for (const { name } of await stores().events.sinks())
    await removeSink(name, 'test', server.running.installation);
});

const quiet = () => told().then(() => undefined);

describe('what is told', () => {
  it('is every kind, in order, signed by the statement key, for one receiver', async () => {
    await listen('crm');
    const device = await bound();
    const { record } = await submit(await makeDevice(), { asFound: true });
    await act(device, { act: 'suspend', reason: 'maintenance' });
    await act(device, { act: 'resume' });
    const { stores: all } = server.running.installation;
    const [binding] = await all.bindings.liveConflicts('', device.maker, device.udid);
    const current = binding && (await all.certificates.newest(binding.id));
    if (binding === undefined || current === undefined) throw new Error('not bound');
    const start = now.at;
    now.at =
      Date.parse(current.notBefore) + 0.7 * (Date.parse(current.notAfter) - Date.parse(current.notBefore));
    await renewCertificate(binding, current, device.spki, server.running.installation);
    now.at = start;
    const fresh = await bound();
    await act(device, { act: 'replace', with: { maker: fresh.maker, udid: fresh.udid } });
    await act(fresh, { act: 'retire' });
    const stolen = await bound();
    await act(stolen, { act: 'revoke', reason: 'stolen' });
    const some = await told();
    expect(kinds(some)).toEqual([
      ...['bound', 'held', 'suspended', 'resumed', 'renewed', 'bound', 'replaced', 'retired'],
      ...['bound', 'revoked'],
    ]);
    expect(new Set(some.map(({ jti }) => jti)).size).toBe(10);
    expect(some.every(({ aud, said }) => aud === 'crm' && said.org === 'northfield')).toBe(true);
    expect(some.map(({ said }) => said.n)).toEqual([...some.keys()].map((n) => n + 1));
    expect(some[0]?.said).toMatchObject({ maker: 'acme', udid: device.udid, domain: OAK_STREET });
    expect(some[1]?.said).toMatchObject({ record, code: 'submitted_as_found' });
    expect(some[2]?.said).toMatchObject({ udid: device.udid, reason: 'maintenance' });
    expect(JSON.stringify(some)).not.toMatch(/Ines|sam|seen|hanna/);
  });

  it('is a device’s way to another organisation, and nothing about that one', async () => {
    await listen('crm-transfer');
    const device = await bound();
    const hanna = await server.signIn('hanna');
    const capturedAt = new Date(now.at).toISOString();
    await hanna.submit('registration+jws', registrationOf(device, HANNA, { capturedAt }), 'hanna-home');
    const { transfers } = (await sam.get('/api/transfers?org=northfield')).body as {
      transfers: { id: string; udid: string }[];
    };
    const id = transfers.find(({ udid }) => udid === device.udid)?.id;
    for (const who of [sam, await server.signIn('ada')])
      await who.post(`/api/transfers/${id}?org=northfield`, { decision: 'give_up', because: 'sold' });
    const some = await told();
    expect(kinds(some)).toEqual(['bound', 'transferred']);
    expect(JSON.stringify(some)).not.toContain('hanna');
  });

  it('is only what was asked for, and nothing without a receiver', async () => {
    await bound();
    await listen('only-lost', ['suspended', 'revoked']);
    const device = await bound();
    await act(device, { act: 'suspend', reason: 'lost' });
    expect(kinds(await told())).toEqual(['suspended']);
    await removeSink('only-lost', 'test', server.running.installation);
    await bound();
    expect(await told()).toEqual([]);
  });

  it('came to pass: a deed that was rolled back is not told', async () => {
    await listen('honest');
    const { transact } = server.running.installation;
    const event = { kind: 'retired', at: new Date(now.at).toISOString(), udid: 'acme-1' } as const;
    await expect(
      transact(async (tx) => {
        await tx.changes.tell('northfield', event);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await told()).toEqual([]);
  });

  it('is each certificate that ends soon, once', async () => {
    await listen('visits', ['due']);
    const device = await bound();
    await quiet();
    const mine = async () => (await told()).filter(({ said }) => said.udid === device.udid);
    await watchDue(server.running.installation);
    expect(await mine()).toEqual([]);
    now.at += 350 * DAY;
    await watchDue(server.running.installation);
    expect(kinds(await mine())).toEqual(['due']);
    now.at += DAY;
    await watchDue(server.running.installation);
    expect(await mine()).toEqual([]);
  });
});

describe('a receiver that fails', () => {
  it('is asked again, under the same id, not before the time it named', async () => {
    await listen('slow');
    await bound();
    hook.answers.push(status(503, { 'retry-after': '120' }));
    const [first] = await told();
    expect(await told()).toEqual([]);
    expect(await stores().events.sink('slow')).toMatchObject({
      fault: 'busy',
      failingSince: expect.any(String),
    });
    now.at += 119_000;
    expect(await told()).toEqual([]);
    now.at += 1_000;
    expect((await told()).map(({ jti }) => jti)).toEqual([first?.jti]);
    expect(await stores().events.sink('slow')).toMatchObject({ failingSince: null, fault: null, tries: 0 });
  });

  it.each([
    ['a redirection', 302, 'redirected'],
    ['a closed door', 401, 'not_authorized'],
    ['nobody', 404, 'not_there'],
    ['its own trouble', 500, 'failed'],
  ])('with %s keeps what is there for it', async (_, code, fault) => {
    await listen('away');
    await bound();
    hook.answers.push(status(code, { location: hook.url }));
    expect((await told()).length).toBe(1);
    expect(await stores().events.sink('away')).toMatchObject({ fault, tries: 1 });
  });

  it('for one event for good loses that one only, and it is counted', async () => {
    await listen('picky');
    await bound();
    await bound();
    for (let tries = 0; tries < 5; tries++) {
      hook.answers.push(status(400));
      expect(kinds((await told()).slice(0, 1))).toEqual(['bound']);
      now.at += 3_600_000;
    }
    expect(await stores().events.sink('picky')).toMatchObject({ failingSince: null });
    expect(await stores().events.refusals('picky')).toBe(1);
  });

  it('to take one after it was away is asked for that one again, five times in a row', async () => {
    await listen('back');
    await bound();
    const sink = () => stores().events.sink('back');
    for (const code of [503, 503, 503, 503, 400, 400, 400, 400, 503, 400]) {
      hook.answers.push(status(code));
      expect(kinds(await told())).toEqual(['bound']);
      now.at += 3_600_000;
    }
    expect(await stores().events.refusals('back')).toBe(0);
    expect(await sink()).toMatchObject({ fault: 'not_taken', tries: 10, notTaken: 1 });
    expect(kinds(await told())).toEqual(['bound']);
    expect(await sink()).toMatchObject({ fault: null, tries: 0, notTaken: 0 });
  });

  it('for a week is given up, which a person sees and ends; nothing is lost', async () => {
    await listen('gone');
    await bound();
    const start = now.at;
    for (let hours = 0; hours < 8 * 24; hours += 24) {
      hook.answers.push(status(500));
      await told();
      now.at += DAY;
    }
    hook.answers.length = 0;
    expect(await stores().events.sink('gone')).toMatchObject({ deadAt: expect.any(String) });
    expect((await server.fieldbind('events', 'list')).out).toMatch(
      /^gone\tnorthfield\t.*\t1 waiting\t.*given up .*: failed$/m,
    );
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('fieldbind_event_receivers{state="given_up"} 1');
    expect(await told()).toEqual([]);
    now.at = start;
    expect(await resumeSink('gone', 'test', server.running.installation)).toBe(true);
    expect(kinds(await told())).toEqual(['bound']);
  });

  it('holds up nobody else, and does not hold the sender', async () => {
    await listen('mute');
    await listen('well');
    await bound();
    hook.answers.push((response) => void response.socket?.destroy());
    await told();
    const states = await stores().events.sinks();
    expect(states.map(({ fault }) => fault).sort()).toEqual(['not_reached', null]);
  });
});

it('is told by one process at a time, so that nothing comes twice', async () => {
  await listen('twins');
  for (let devices = 0; devices < 5; devices++) await bound();
  const { installation } = server.running;
  const sender = (writer: string) =>
    eventSender({
      ...installation,
      writer,
      deliveries: deliveries({ allowed: [hook.host], files: undefined }),
      onStep: () => undefined,
      onFault: (error) => {
        throw error;
      },
    });
  const before = hook.came.length;
  await Promise.all([sender('a').run(), sender('b').run(), server.running.events.run()]);
  await told();
  const ids = await Promise.all(hook.came.slice(before).map((token) => readToken(server.url, token)));
  expect(new Set(ids.map(({ jti }) => jti)).size).toBe(5);
  expect(ids.length).toBe(5);
});

/** A receiver that stands in no database. */
function hookAt(target: string): EventSink {
  const made = { madeAt: '', madeBy: '' };
  return {
    name: 'safe',
    org: 'northfield',
    kind: 'webhook',
    target,
    topic: null,
    kinds: EVENT_KINDS,
    ...made,
  };
}

describe('where it goes', () => {
  it('is no address of this machine or its network, by number or by name', async () => {
    for (const closed of [
      ...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
      ...[
        '224.0.0.1',
        '255.255.255.255',
        '::1',
        '::',
        'fe80::1',
        'fd00::1',
        '::ffff:127.0.0.1',
        '64:ff9b::7f00:1',
      ],
      ...['2002:7f00:1::', '2001:db8::1', 'localhost', ''],
    ])
      expect([closed, isPublicAddress(closed)]).toEqual([closed, false]);
    for (const open of ['8.8.8.8', '2606:4700::1111'])
      expect([open, isPublicAddress(open)]).toEqual([open, true]);
    const port = new URL(hook.url).port;
    const closed = deliveries({ allowed: [], files: undefined });
    const sink = { name: 's', org: 'northfield', topic: 't', kinds: EVENT_KINDS, madeAt: '', madeBy: '' };
    for (const target of [
      hook.url,
      `https://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      `https://[::1]:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      `https://2130706433:${port}/`,
    ])
      expect([
        target,
        await closed.deliver({ ...sink, kind: 'webhook', target }, { kind: 'test', jws: 'x' }),
      ]).toEqual([target, { ok: false, fault: 'address_refused' }]);
    for (const target of [
      `mqtt://localhost:${port}`,
      `mqtts://localhost:${port}`,
      `mqtts://127.0.0.1:${port}`,
    ])
      expect([
        target,
        await closed.deliver({ ...sink, kind: 'mqtt', target }, { kind: 'test', jws: 'x' }),
      ]).toEqual([target, { ok: false, fault: 'address_refused' }]);
  });

  it('is a webhook whose certificate leads to a root that we trust, or that lies in its file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldbind-hook-'));
    const at = (name: string) => join(folder, name);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const files = ['-keyout', at('key.pem'), '-out', at('cert.pem'), '-subj', '/CN=hook'];
    await openssl('req', '-x509', ...key, ...files, '-addext', 'subjectAltName=IP:127.0.0.1');
    const [cert, own] = [readFileSync(at('cert.pem')), readFileSync(at('key.pem'))];
    const safe = await startReceiver({ cert, key: own });
    const way = deliveries({ allowed: [safe.host], files: folder });
    const sink = hookAt(safe.url);
    const event = { kind: 'test', jws: 'a.b.c' };
    expect(await way.deliver(sink, event)).toEqual({ ok: false, fault: 'not_trusted' });
    expect(safe.came).toEqual([]);
    writeFileSync(at('safe.ca.pem'), cert);
    expect(await way.deliver(sink, event)).toEqual({ ok: true });
    expect(safe.came).toEqual(['a.b.c']);
    await safe.close();
    rmSync(folder, { recursive: true });
  });

  it('is given up on after its time, however slowly it answers', async () => {
    const way = deliveries({ allowed: [hook.host], files: undefined, patience: 200 });
    hook.answers.push(() => undefined);
    const sink = hookAt(hook.url);
    expect(await way.deliver(sink, { kind: 'test', jws: 'a.b.c' })).toEqual({
      ok: false,
      fault: 'timed_out',
    });
  });

  it('is named without a secret, and tried on request', async () => {
    const add = (target: string, org = 'northfield', name = 'bad') =>
      addSink(
        { name, org, target, topic: undefined, kinds: EVENT_KINDS, by: 'test' },
        server.running.installation,
      );
    for (const to of [
      'https://user:pass@example.org/',
      'ftp://example.org/',
      'example.org',
      'file:///etc/passwd',
    ])
      expect(await add(to)).toBe('address_not_allowed');
    expect(await add(hook.url, 'nobody')).toBe('org_unknown');
    const words = ['events', 'add', 'tried', '--org', 'northfield', '--to', hook.url];
    expect(await server.fieldbind(...words, '--kinds', 'all')).toMatchObject({ code: 2 });
    expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
    expect(await add(hook.url, 'northfield', 'tried')).toBe('name_taken');
    // The command was not told that this machine's own address may be used.
    expect(await server.fieldbind('events', 'test', 'tried')).toEqual({
      code: 1,
      out: 'not taken: address_refused\n',
    });
    expect((await server.fieldbind('events', 'remove', 'tried')).code).toBe(0);
    expect(await removeSink('tried', 'test', server.running.installation)).toBe(false);
  }, 120_000);
});
