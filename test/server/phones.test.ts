import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PhoneStates } from '../../contract/phone.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { trailOf } from '../support/trail.ts';

let server: TestServer;
let now = Date.parse('2026-03-01T12:00:00.000Z');
beforeAll(async () => {
  server = await startTestServer({ clock: { now: () => now } });
});
afterAll(() => closeFaultless(server));

/** Signs `count` records and gives them unsent. */
async function sealed(phone: TestOperator, count: number): Promise<string[]> {
  const made: string[] = [];
  for (let i = 0; i < count; i++) {
    const payload = registrationOf(await makeDevice(), OAK_STREET);
    made.push((await phone.seal('registration+jws', payload, 'northfield')).jws);
  }
  return made;
}

/** What support sees of one phone. */
async function seen(phone: TestOperator) {
  const sam = await server.signIn('sam');
  const { phones } = (await sam.get('/api/phones?org=northfield')).body as PhoneStates;
  return phones.find(({ kid }) => kid === phone.key.kid);
}

const skipOf = (seq: number, digest: string) => ({
  id: uuid7(now, nodeCrypto),
  app: '1.0.0',
  capturedAt: new Date(now).toISOString(),
  of: uuid7(now, nodeCrypto),
  seq,
  digest,
  code: 'payload_invalid',
});

describe('gaps in a chain', () => {
  it('are named, and alarm only below the reported head and after a grace time', async () => {
    const ines = await server.signIn('ines');
    const [one, two, three, four] = (await sealed(ines, 4)) as [string, string, string, string];
    await ines.send([one, four], { ...ines.heartbeat(), seq: 3 });
    expect(await seen(ines)).toMatchObject({ head: 3, missing: [{ from: 2, to: 3 }], alarm: false });
    now += 16 * 60_000;
    expect(await seen(ines)).toMatchObject({ missing: [{ from: 2, to: 3 }], alarm: true });
    await ines.send([three], ines.heartbeat());
    expect(await seen(ines)).toMatchObject({ head: 4, missing: [{ from: 2, to: 2 }] });
    await ines.send([two], ines.heartbeat());
    expect(await seen(ines)).toMatchObject({ head: 4, missing: [], alarm: false });
  });

  it('have their reason in a signed skip', async () => {
    const ines = await server.signIn('ines');
    const [one] = (await sealed(ines, 3)) as [string];
    const skip = await ines.seal('skip+jws', skipOf(2, 'd'.repeat(43)), 'northfield');
    const answer = await ines.send([one, skip.jws], ines.heartbeat());
    expect(answer.results.map(({ status }) => status)).toEqual(['received', 'received']);
    expect(await seen(ines)).toMatchObject({ head: 4, missing: [{ from: 3, to: 3 }] });
    const said = await ines.changes('northfield');
    expect(said.at(-1)).toMatchObject({ outcome: 'noted' });
  });

  it('of a head that nobody could have signed are one stretch, not four thousand million', async () => {
    const ines = await server.signIn('ines');
    const [one] = (await sealed(ines, 1)) as [string];
    await ines.send([one], { ...ines.heartbeat(), seq: 0xffffffff });
    expect(await seen(ines)).toMatchObject({ missing: [{ from: 2, to: 0xffffffff }] });
  });
});

describe('a phone that lost its storage', () => {
  const lossOf = (phone: TestOperator) => ({
    kid: phone.key.kid,
    epoch: phone.epoch,
    head: 42,
    unsent: [{ from: 31, to: 42 }],
    lastSeenAt: '2026-03-01T10:00:00.000Z',
    foundAt: '2026-03-01T12:00:00.000Z',
  });

  it('is shown to support with the numbers that were not sent', async () => {
    const ines = await server.signIn('ines');
    await ines.send([], ines.heartbeat());
    expect((await ines.post('/api/phone-losses', lossOf(ines))).status).toBe(200);
    expect((await ines.post('/api/phone-losses', { ...lossOf(ines), head: 1 })).status).toBe(200);
    expect(await seen(ines)).toMatchObject({ alarm: true, lost: { unsent: [{ from: 31, to: 42 }] } });
  });

  it('is no alarm any more once all of it came after all', async () => {
    const ines = await server.signIn('ines');
    const [one, two, three] = (await sealed(ines, 3)) as [string, string, string];
    await ines.send([], { ...ines.heartbeat(), seq: 0 });
    await ines.post('/api/phone-losses', { ...lossOf(ines), head: 3, unsent: [{ from: 1, to: 3 }] });
    await ines.send([one, three]);
    expect(await seen(ines)).toMatchObject({ alarm: true, lost: { unsent: [{ from: 2, to: 2 }] } });
    await ines.send([two]);
    expect(await seen(ines)).toMatchObject({ alarm: false, missing: [], lost: { unsent: [] } });
  });

  it('speaks only for its own key', async () => {
    const [ines, hanna] = [await server.signIn('ines'), await server.signIn('hanna')];
    expect((await hanna.post('/api/phone-losses', lossOf(ines))).status).toBe(404);
    expect((await ines.get('/api/phones?org=northfield')).status).toBe(403);
  });

  it('is told by whichever colleague signs in first, and the audit log names who did', async () => {
    const [ines, ada] = [await server.signIn('ines'), await server.signIn('ada')];
    await ines.send([], ines.heartbeat());
    expect((await ada.post('/api/phone-losses', lossOf(ines))).status).toBe(200);
    expect(await seen(ines)).toMatchObject({ alarm: true, lost: { unsent: [{ from: 31, to: 42 }] } });
    const trail = await trailOf(server.running.installation.stores);
    const said = trail.filter(({ subject }) => subject === ines.key.kid);
    expect(said.at(-1)).toMatchObject({ event: 'storage lost', actor: 'ada' });
    expect(said.at(-1)?.detail).toContain('phone of ines');
  });

  it('is not hidden by what a colleague said of it before', async () => {
    const [ines, ada] = [await server.signIn('ines'), await server.signIn('ada')];
    await ines.send([], ines.heartbeat());
    await ada.post('/api/phone-losses', { ...lossOf(ines), head: 0, unsent: [] });
    expect(await seen(ines)).toMatchObject({ alarm: false, lost: { unsent: [] } });
    await ines.post('/api/phone-losses', lossOf(ines));
    expect(await seen(ines)).toMatchObject({ alarm: true, lost: { unsent: [{ from: 31, to: 42 }] } });
    // Nor does anybody change it once its own operator has spoken.
    for (const who of [ada, ines])
      await who.post('/api/phone-losses', {
        ...lossOf(ines),
        head: 0xffffffff,
        unsent: [{ from: 1, to: 90 }],
      });
    expect(await seen(ines)).toMatchObject({
      lost: { unsent: [{ from: 31, to: 42 }] },
      missing: [{ to: 42 }],
    });
  });

  it('that nobody ever enrolled is nobody’s', async () => {
    const ines = await server.signIn('ines');
    const unknown = { ...lossOf(ines), kid: 'u'.repeat(43) };
    expect((await ines.post('/api/phone-losses', unknown)).status).toBe(404);
  });
});
