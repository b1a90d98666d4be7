import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { placeDigest } from '../../core/place.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { renewCertificate } from '../../server/authority/ra/contact/renew-certificate.ts';
import { deliveries } from '../../server/outside/events/deliveries.ts';
import { watchDue } from '../../server/outside/events/due.ts';
import { addReceiver, removeReceiver, resumeReceiver } from '../../server/outside/events/receivers.ts';
import { eventSender } from '../../server/outside/events/sender.ts';
import { EVENT_KINDS, type EventKind } from '../../server/ports/events.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import {
  type EventReceiver,
  readToken,
  startReceiver,
  status,
  type Told,
} from '../support/event-receiver.ts';
import { HANNA, HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { answerFor } from '../support/server-fresh.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { wordsIn } from '../support/words.ts';

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
  await closeFaultless(server);
  await hook.close();
});

const stores = () => server.running.installation.stores;

/** A receiver of its own for a test. */
async function listen(name: string, kinds: readonly EventKind[] = EVENT_KINDS): Promise<void> {
  const { installation } = server.running;
  const wanted = { name, org: 'northfield', target: hook.url, topic: undefined, kinds, by: 'test' };
  expect(await addReceiver(wanted, installation)).toBeUndefined();
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
  const device = await server.listedDevice();
  expect((await submit(device)).outcome).toBe('bound');
  return device;
}

const act = ({ maker, udid }: TestDevice, body: object) =>
  sam.post(`/api/devices/${maker}/${udid}?org=northfield`, { because: 'seen', ...body });

afterEach(async () => {
  now.at = Date.now();
  hook.answers.length = 0;
  for (const { name } of await stores().receivers.receivers())
    await removeReceiver(name, 'test', server.running.installation);
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
    const binding = await all.liveBindings.byName(device.maker, device.udid);
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
    expect(wordsIn(some, ['ines', 'sam', 'seen', 'hanna'])).toEqual([]);
  });

  it('is where a device is again, once its move was taken back', async () => {
    await listen('crm-moves');
    const device = await server.listedDevice();
    const first = await submit(device);
    const id = uuid7(now.at, nodeCrypto);
    const capturedAt = new Date(now.at).toISOString();
    const fresh = await answerFor(id, device, { by: ines });
    const from = { domain: OAK_STREET, place: await placeDigest({ domain: OAK_STREET }, nodeCrypto) };
    const wanted = registrationOf(device, HARBOUR, { id, capturedAt, ...fresh, from });
    const moved = await ines.submit('registration+jws', wanted, 'northfield');
    const { udid } = device;
    const back = { id: uuid7(now.at, nodeCrypto), app: '1', capturedAt, of: id, udid, reason: 'undone' };
    expect(await ines.submit('void+jws', back, 'northfield')).toMatchObject({ outcome: 'noted' });
    const some = await told();
    expect(some.map(({ kind, said }) => [kind, said.domain, said.fingerprint])).toEqual([
      ['bound', OAK_STREET, first.certificate?.fingerprint],
      ['moved', HARBOUR, moved.certificate?.fingerprint],
      ['moved', OAK_STREET, first.certificate?.fingerprint],
    ]);
    expect(some.at(-1)?.said).toMatchObject({ maker: 'acme', udid, record: back.id });
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
    expect(wordsIn(some, ['hanna'])).toEqual([]);
  });

  it('is only what was asked for, and nothing without a receiver', async () => {
    await bound();
    await listen('only-lost', ['suspended', 'revoked']);
    const device = await bound();
    await act(device, { act: 'suspend', reason: 'lost' });
    expect(kinds(await told())).toEqual(['suspended']);
    await removeReceiver('only-lost', 'test', server.running.installation);
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
    expect(await stores().receivers.receiver('slow')).toMatchObject({
      fault: 'busy',
      failingSince: expect.any(String),
    });
    now.at += 119_000;
    expect(await told()).toEqual([]);
    now.at += 1_000;
    expect((await told()).map(({ jti }) => jti)).toEqual([first?.jti]);
    expect(await stores().receivers.receiver('slow')).toMatchObject({
      failingSince: null,
      fault: null,
      tries: 0,
    });
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
    expect(await stores().receivers.receiver('away')).toMatchObject({ fault, tries: 1 });
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
    expect(await stores().receivers.receiver('picky')).toMatchObject({ failingSince: null });
    expect(await stores().receivers.refusals('picky')).toBe(1);
  });

  it('to take one after it was away is asked for that one again, five times in a row', async () => {
    await listen('back');
    await bound();
    const receiver = () => stores().receivers.receiver('back');
    for (const code of [503, 503, 503, 503, 400, 400, 400, 400, 503, 400]) {
      hook.answers.push(status(code));
      expect(kinds(await told())).toEqual(['bound']);
      now.at += 3_600_000;
    }
    expect(await stores().receivers.refusals('back')).toBe(0);
    expect(await receiver()).toMatchObject({ fault: 'not_taken', tries: 10, notTaken: 1 });
    expect(kinds(await told())).toEqual(['bound']);
    expect(await receiver()).toMatchObject({ fault: null, tries: 0, notTaken: 0 });
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
    expect(await stores().receivers.receiver('gone')).toMatchObject({ deadAt: expect.any(String) });
    expect((await server.fieldbind('events', 'list')).out).toMatch(
      /^gone\tnorthfield\t.*\t1 waiting\t.*given up .*: failed$/m,
    );
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('fieldbind_event_receivers{state="given_up"} 1');
    expect(await told()).toEqual([]);
    now.at = start;
    expect(await resumeReceiver('gone', 'test', server.running.installation)).toBe(true);
    expect(kinds(await told())).toEqual(['bound']);
  });

  it('holds up nobody else, and does not hold the sender', async () => {
    await listen('mute');
    await listen('well');
    await bound();
    hook.answers.push((response) => void response.socket?.destroy());
    await told();
    const states = await stores().receivers.receivers();
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
