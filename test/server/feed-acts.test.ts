import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FieldDevices } from '../../contract/field-device.ts';
import { parse } from '../../contract/parse.ts';
import { placeDigest } from '../../core/place.ts';
import { enrolDevice } from '../../server/authority/ra/contact/device-contact.ts';
import { noteContact } from '../../server/authority/ra/contact/note-contact.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { newRecord } from '../support/place-records.ts';
import { HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { answerFor } from '../support/server-fresh.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

// Whatever is done with a device, a phone that asks next is told of it.
const ORG = 'northfield';
let server: TestServer;
let ines: TestOperator;
let sam: TestOperator;
let ada: TestOperator;
let ahead = 0;
beforeAll(async () => {
  server = await startTestServer({ clock: { now: () => Date.now() + ahead } });
  [ines, sam, ada] = await Promise.all([server.signIn('ines'), server.signIn('sam'), server.signIn('ada')]);
});
afterAll(() => closeFaultless(server));

interface Stage {
  readonly device: TestDevice;
  readonly record: string;
  readonly fingerprint: string;
  readonly binding: string;
}

async function page(after: string) {
  const { body } = await ines.get(`/api/field-devices?org=${ORG}&after=${after}`);
  const answer = parse(FieldDevices, body);
  if (answer === undefined || answer.more) throw new Error('not the whole answer');
  return answer;
}

const act = ({ device: { maker, udid } }: Stage, body: object) =>
  sam.post(`/api/devices/${maker}/${udid}?org=${ORG}`, { because: 'so it is', ...body });

async function write({ device: { udid }, record, fingerprint }: Stage) {
  const written = [{ parts: ['anchor', 'leaf'], digest: 'cd'.repeat(32) }];
  const of = { registration: record, certificate: fingerprint, udid, domain: OAK_STREET };
  const payload = { ...newRecord(ahead), ...of, link: 'serial', written };
  return ines.submit('confirmation+jws', payload, ORG);
}

async function move({ device }: Stage) {
  const { id } = newRecord(ahead);
  const from = { domain: OAK_STREET, place: await placeDigest({ domain: OAK_STREET }, nodeCrypto) };
  return register(ines, device, { id, from, ...(await answerFor(id, device, { by: ines })) }, HARBOUR);
}

function takeBack({ device: { udid } }: Stage, of: string) {
  const payload = { ...newRecord(ahead), of, udid, reason: 'undone' };
  return ines.submit('void+jws', payload, ORG);
}

async function correct({ device: { udid }, record: registration }: Stage) {
  const base = await placeDigest({ domain: OAK_STREET }, nodeCrypto);
  const of = { registration, udid, domain: OAK_STREET, base, place: { position: 'Mast 2' } };
  return ada.submit('amendment+jws', { ...newRecord(ahead), ...of }, ORG);
}

type Row = readonly [name: string, does: (on: Stage) => Promise<unknown>, told: object];
const ACTS: readonly Row[] = [
  ['a certificate that was written', write, { state: 'installed' }],
  [
    'one that the device took itself',
    ({ device: { spki, csr } }) => enrolDevice({ spki, fingerprint: '' }, csr, server.running.installation),
    { state: 'issued' },
  ],
  [
    'one that the device has shown',
    ({ fingerprint, binding }) => noteContact({ fingerprint }, { id: binding }, server.running.installation),
    { state: 'shown', unproven: false },
  ],
  ['a correction by the office', correct, { position: 'Mast 2' }],
  ['a move', move, { domain: HARBOUR }],
  ['a move that is taken back', async (on) => takeBack(on, (await move(on)).record), { domain: OAK_STREET }],
  [
    'a registration that is taken back',
    (on) => takeBack(on, on.record),
    { state: 'ended', ended: { code: 'withdrawn' } },
  ],
  ['a suspension', (on) => act(on, { act: 'suspend', reason: 'lost' }), { suspended: { reason: 'lost' } }],
  ['its end', (on) => act(on, { act: 'retire' }), { state: 'ended', ended: { code: 'retired' } }],
  [
    'its revocation',
    (on) => act(on, { act: 'revoke', reason: 'stolen' }),
    { state: 'ended', ended: { code: 'tombstoned' } },
  ],
  [
    'another device in its place',
    async (on) => {
      const next = await server.listedDevice();
      await register(ines, next);
      await act(on, { act: 'replace', with: { maker: next.maker, udid: next.udid } });
    },
    { state: 'ended', ended: { code: 'replaced' } },
  ],
];

async function bound(): Promise<Stage> {
  const device = await server.listedDevice();
  const { record, certificate } = await register(ines, device);
  const binding = await server.running.installation.stores.liveBindings.byName(device.maker, device.udid);
  if (binding === undefined) throw new Error('not bound');
  return { device, record, fingerprint: certificate?.fingerprint ?? '', binding: binding.id };
}

describe('a phone is told', () => {
  it.each(ACTS)('of %s', async (_, does, told) => {
    const on = await bound();
    const { cursor } = await page('');
    await does(on);
    const { devices } = await page(cursor);
    const of = devices.filter(({ udid }) => udid === on.device.udid);
    expect(of).toMatchObject([told]);
  });

  it('of a device that is resumed', async () => {
    const on = await bound();
    await act(on, { act: 'suspend', reason: 'maintenance' });
    const { cursor } = await page('');
    await act(on, { act: 'resume' });
    const [told] = (await page(cursor)).devices;
    expect(told).toMatchObject({ udid: on.device.udid, certificate: { fingerprint: on.fingerprint } });
    expect(told).not.toHaveProperty('suspended');
  });

  it.each([
    ['approve', 'settled'],
    ['refuse', 'refused'],
  ])('of a held registration that a colleague decides: %s', async (decision, outcome) => {
    const device = await server.listedDevice({ row: { anchor: 'udid-only' } });
    const before = await page('');
    const held = await register(ines, device);
    const waiting = await page(before.cursor);
    expect(waiting.records).toMatchObject([{ record: held.record, outcome: 'held' }]);
    await sam.post(`/api/approvals/${held.record}?org=${ORG}`, { decision, reason: 'seen' });
    const after = await page(waiting.cursor);
    expect(after.records).toMatchObject([{ record: held.record, outcome }]);
    expect(after.devices).toMatchObject(outcome === 'settled' ? [{ udid: device.udid }] : []);
  });

  it('of a refused registration, once', async () => {
    const { cursor } = await page('');
    const { record } = await register(ines, await makeDevice());
    const answer = await page(cursor);
    expect(answer.records).toMatchObject([{ record, outcome: 'refused' }]);
    expect((await page(answer.cursor)).records).toEqual([]);
  });

  it('of a renewal by visit, and of its certificate that was written on a device that had one', async () => {
    const on = await bound();
    await write(on);
    ahead = 300 * 24 * 3_600_000;
    try {
      // A new phone, since the first one's credential has ended by then.
      ines = await server.signIn('ines');
      const { cursor } = await page('');
      const renewed = await register(ines, on.device, { capturedAt: newRecord(ahead).capturedAt });
      expect(renewed).toMatchObject({ outcome: 'bound', code: 'renewed' });
      const waiting = await page(cursor);
      const fingerprint = renewed.certificate?.fingerprint ?? '';
      expect(waiting.devices).toMatchObject([{ udid: on.device.udid, certificate: { fingerprint } }]);
      await write({ ...on, record: renewed.record, fingerprint });
      const [told] = (await page(waiting.cursor)).devices;
      expect(told).toMatchObject({ udid: on.device.udid, state: 'installed' });
      expect(told).not.toHaveProperty('certificate');
    } finally {
      ahead = 0;
    }
  });
});
