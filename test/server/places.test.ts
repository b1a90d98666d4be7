import type { Static } from 'typebox/type';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeldRecords } from '../../contract/approval.ts';
import { FieldDevices } from '../../contract/field-device.ts';
import { parse } from '../../contract/parse.ts';
import { decidedCertificate, enrolDevice } from '../../server/authority/ra/contact/device-contact.ts';
import { digestAt, newRecord, type Spot } from '../support/place-records.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

const ORG = 'northfield';
let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

async function correction(device: TestDevice, registration: string, base: Spot, place: Spot) {
  return {
    ...newRecord(),
    registration,
    udid: device.udid,
    domain: OAK_STREET,
    base: await digestAt(base),
    place,
  };
}

async function correct(
  device: TestDevice,
  registration: string,
  base: Spot,
  place: Spot,
  phone: TestOperator = ines,
) {
  return phone.submit('amendment+jws', await correction(device, registration, base, place), ORG);
}

async function feed(after = '', phone: TestOperator = ines): Promise<FieldDevices> {
  const all = { devices: [], records: [] } as { devices: unknown[]; records: unknown[] };
  let cursor = after;
  for (;;) {
    const { status, body } = await phone.get(`/api/field-devices?org=${ORG}&after=${cursor}`);
    expect(status).toBe(200);
    const page = body as FieldDevices;
    all.devices.push(...page.devices);
    all.records.push(...page.records);
    cursor = page.cursor;
    if (!page.more) return { ...page, ...all } as FieldDevices;
  }
}

async function shownOf(device: TestDevice, phone?: TestOperator) {
  return (await feed('', phone)).devices.filter(({ udid }) => udid === device.udid);
}

const spotOf = (device: TestDevice): Spot => registrationOf(device, OAK_STREET).place;

function takeBack(device: TestDevice, of: string, phone = ines) {
  const payload = { ...newRecord(), of, udid: device.udid, reason: 'wrong_place' };
  return phone.submit('void+jws', payload, ORG);
}

describe('a place is corrected', () => {
  it('by one phone several times, each from what the one before made of it', async () => {
    const device = await server.listedDevice();
    const { record } = await register(ines, device);
    const [a, b, c] = [spotOf(device), { site: 'annex', position: 'Flat 2' }, { position: 'Flat 10' }];
    const sealed = [
      await ines.seal('amendment+jws', await correction(device, record, a, b), ORG),
      await ines.seal('amendment+jws', await correction(device, record, b, c), ORG),
    ];
    await ines.send(sealed.map(({ jws }) => jws));
    for (const { jws } of sealed)
      expect(await ines.outcome(idOf(jws), ORG)).toMatchObject({ outcome: 'noted' });
    const [shown] = await shownOf(device);
    expect(shown).toMatchObject({ position: 'Flat 10', registration: record, place: await digestAt(c) });
    expect(shown).not.toHaveProperty('site');
  });

  it('and not by a second phone that saw it as it was', async () => {
    const device = await server.listedDevice();
    const { record } = await register(ines, device);
    const sam = await server.signIn('sam');
    const first = { position: 'Cellar' };
    expect(await correct(device, record, spotOf(device), first)).toMatchObject({ outcome: 'noted' });
    expect(await correct(device, record, spotOf(device), { position: 'Attic' }, sam)).toMatchObject({
      outcome: 'refused',
      code: 'place_conflict',
      detail: expect.stringContaining('Cellar'),
    });
    // Both who say the same are right.
    expect(await correct(device, record, spotOf(device), first, sam)).toMatchObject({ outcome: 'noted' });
    expect((await shownOf(device))[0]).toMatchObject({ position: 'Cellar' });
    const { body } = await ines.get(`/api/devices?org=${ORG}&udid=${device.udid}`);
    expect(body).toMatchObject({
      devices: [
        { position: 'Cellar', registration: record, places: [{ domain: OAK_STREET, by: 'Ines Okafor' }] },
      ],
    });
  });

  it('while its registration is held, and counts once it is approved', async () => {
    const device = await makeDevice();
    const held = await register(ines, device, { asFound: true });
    expect(held).toMatchObject({ outcome: 'held' });
    expect(await correct(device, held.record, spotOf(device), { position: 'Roof' })).toMatchObject({
      outcome: 'noted',
    });
    expect((await feed()).records).toContainEqual(
      expect.objectContaining({ record: held.record, outcome: 'held', position: 'Roof' }),
    );
    const sam = await server.signIn('sam');
    const path = `/api/approvals/${held.record}?org=${ORG}`;
    expect((await sam.post(path, { decision: 'approve', reason: 'seen' })).body).toMatchObject({
      outcome: 'bound',
    });
    expect(await shownOf(device)).toMatchObject([
      { position: 'Roof', registration: held.record, place: await digestAt({ position: 'Roof' }) },
    ]);
  });

  it('while its registration is held, and whoever decides reads the place that it comes to stand at', async () => {
    const device = await makeDevice();
    const [said, right] = [
      { site: 'basement', position: 'Cabinet 4' },
      { site: 'roof', position: 'Mast 2' },
    ];
    const held = await register(ines, device, { asFound: true, place: { ...said, photos: [] } });
    const shown = async () => {
      const { body } = await (await server.signIn('sam')).get(`/api/approvals?org=${ORG}`);
      return (body as Static<typeof HeldRecords>).held.find(({ record }) => record === held.record);
    };
    expect(await shown()).toMatchObject({ ...said, siteTitle: 'Basement, plant room' });
    await correct(device, held.record, said, right);
    expect(await shown()).toMatchObject({ ...right, siteTitle: 'Roof' });
    await correct(device, held.record, right, { position: 'Mast 3' });
    const last = await shown();
    expect(last).toMatchObject({ position: 'Mast 3' });
    expect(last).not.toHaveProperty('site');
    expect(last).not.toHaveProperty('siteTitle');
  });

  it('while its registration is held, in its site too, and it is bound there', async () => {
    const device = await server.listedDevice({ row: { anchor: 'udid-only' } });
    const held = await register(ines, device, { place: { site: 'annex', position: 'Flat 1', photos: [] } });
    expect(held).toMatchObject({ outcome: 'held' });
    const [said, right] = [
      { site: 'annex', position: 'Flat 1' },
      { site: 'mill', position: 'Flat 2' },
    ];
    expect(await correct(device, held.record, said, right)).toMatchObject({ outcome: 'noted' });
    const sam = await server.signIn('sam');
    const { body } = await sam.get(`/api/approvals?org=${ORG}`);
    const { held: waiting } = body as { held: { record: string }[] };
    expect(waiting.find(({ record }) => record === held.record)).toMatchObject(right);
    await sam.post(`/api/approvals/${held.record}?org=${ORG}`, { decision: 'approve', reason: 'seen' });
    expect(await ines.outcome(held.record, ORG)).toMatchObject({ outcome: 'bound' });
    expect(await shownOf(device)).toMatchObject([{ ...right, place: await digestAt(right) }]);
    // From there on it is corrected as any other.
    expect(await correct(device, held.record, right, { position: 'Roof' })).toMatchObject({
      outcome: 'noted',
    });
    expect((await shownOf(device))[0]).not.toHaveProperty('site');
  });

  it('of no device that is another one, or has ended', async () => {
    const device = await server.listedDevice();
    const { record } = await register(ines, device);
    const other = await server.listedDevice();
    expect(await correct(other, record, spotOf(device), {})).toMatchObject({ code: 'registration_unknown' });
    await takeBack(device, record);
    expect(await correct(device, record, spotOf(device), {})).toMatchObject({ code: 'already_decided' });
  });
});

describe('what stands where', () => {
  it('is told once, and again when it has changed', async () => {
    const { cursor } = await feed();
    expect(await feed(cursor)).toMatchObject({ devices: [], records: [], after: cursor, cursor });
    const device = await server.listedDevice();
    const { record, certificate } = await register(ines, device);
    const next = await feed(cursor);
    expect(next.devices).toMatchObject([
      { udid: device.udid, state: 'issued', registration: record, certificate, domain: OAK_STREET },
    ]);
    await correct(device, record, spotOf(device), { position: 'Hall' });
    expect((await feed(next.cursor)).devices).toMatchObject([{ udid: device.udid, position: 'Hall' }]);
  });

  it('and a site’s new title with it', async () => {
    const device = await server.listedDevice();
    const { record } = await register(ines, device);
    await correct(device, record, spotOf(device), { site: 'long-house' });
    const site = (title: string, was?: string) => ({
      ...newRecord(),
      domain: OAK_STREET,
      site: 'long-house',
      title,
      ...(was === undefined ? {} : { was }),
    });
    expect(await ines.submit('site+jws', site('Long House'), ORG)).toMatchObject({ outcome: 'noted' });
    const { cursor } = await feed();
    const renamed = await ines.submit('site+jws', site('בית ארוך', 'Long House'), ORG);
    expect(renamed).toMatchObject({ outcome: 'noted' });
    expect((await feed(cursor)).devices).toMatchObject([{ udid: device.udid, siteTitle: 'בית ארוך' }]);
    expect(await ines.submit('site+jws', site('Tall House', 'Long House'), ORG)).toMatchObject({
      outcome: 'refused',
      code: 'site_conflict',
      detail: 'בית ארוך',
    });
    const elsewhere = { ...site('Far'), domain: 'elsewhere.example' };
    expect(await ines.submit('site+jws', elsewhere, ORG)).toMatchObject({ code: 'domain_unknown' });
  });

  it('without a certificate once a phone has written it; then it is too late to undo', async () => {
    const device = await server.listedDevice();
    const { record, certificate } = await register(ines, device);
    const payload = {
      ...newRecord(),
      registration: record,
      udid: device.udid,
      domain: OAK_STREET,
      certificate: certificate?.fingerprint,
      link: 'serial',
      written: [{ parts: ['anchor', 'leaf'], digest: 'cd'.repeat(32) }],
    };
    expect(await ines.submit('confirmation+jws', payload, ORG)).toMatchObject({ outcome: 'noted' });
    const [shown] = await shownOf(device);
    expect(shown).toMatchObject({ state: 'installed' });
    expect(shown).not.toHaveProperty('certificate');
    expect(await takeBack(device, record)).toMatchObject({ outcome: 'refused', code: 'undo_too_late' });
  });

  it('with its certificate though somebody asked for that with the request alone, and without once the device did', async () => {
    const parts = server.running.installation;
    const device = await server.listedDevice();
    const { record, certificate } = await register(ines, device);
    expect(await decidedCertificate(device.csr, parts)).toMatchObject({ kind: 'certificate' });
    expect(await shownOf(device)).toMatchObject([{ certificate }]);
    expect(await takeBack(device, record)).toMatchObject({ outcome: 'noted' });
    const anew = await register(ines, device);
    expect(anew).toMatchObject({ outcome: 'bound' });
    // What a handshake with the device's key asks for, the device asked for.
    const key = { spki: device.spki, fingerprint: '' };
    expect(await enrolDevice(key, device.csr, parts)).toMatchObject({ kind: 'certificate' });
    expect((await shownOf(device))[0]).not.toHaveProperty('certificate');
    expect(await takeBack(device, anew.record)).toMatchObject({ code: 'undo_too_late' });
  });

  it('as ended, with the code, once it was taken back by the desk', async () => {
    const device = await server.listedDevice();
    const { record } = await register(ines, device);
    await server.fieldbind('operator', 'join', 'hanna', '--org', ORG, '--role', 'installer');
    const hanna = await server.signIn('hanna');
    expect(await takeBack(device, record, hanna)).toMatchObject({ code: 'registration_unknown' });
    const ada = await server.signIn('ada');
    expect(await takeBack(device, record, ada)).toMatchObject({ outcome: 'noted' });
    expect(await ines.outcome(record, ORG)).toMatchObject({ outcome: 'refused', code: 'withdrawn' });
    expect(await shownOf(device)).toMatchObject([{ state: 'ended', ended: { code: 'withdrawn' } }]);
    // Bound anew, the device is told of once.
    const anew = await register(ines, device);
    expect(await shownOf(device)).toMatchObject([{ state: 'issued', registration: anew.record }]);
  });

  it('and a held record as refused to its author once the desk took it back, and not once they did', async () => {
    const told = async (record: string) => (await feed()).records.find((one) => one.record === record);
    const [own, other] = [await makeDevice(), await makeDevice()];
    const [mine, theirs] = [
      await register(ines, own, { asFound: true }),
      await register(ines, other, { asFound: true }),
    ];
    for (const { record } of [mine, theirs]) expect(await told(record)).toMatchObject({ outcome: 'held' });
    expect(await takeBack(own, mine.record)).toMatchObject({ outcome: 'noted' });
    expect(await told(mine.record)).toMatchObject({ outcome: 'settled' });
    expect(await takeBack(other, theirs.record, await server.signIn('ada'))).toMatchObject({
      outcome: 'noted',
    });
    expect(await told(theirs.record)).toMatchObject({ outcome: 'refused', code: 'withdrawn' });
  });

  it('and a refused record to nobody but its author', async () => {
    const device = await makeDevice();
    const { record } = await register(ines, device);
    const mine = (phone?: TestOperator) =>
      feed('', phone).then(({ records }) => records.find((one) => one.record === record)?.outcome);
    expect(await mine()).toBe('refused');
    expect(await mine(await server.signIn('sam'))).toBe('settled');
  });
});

describe('a row that does not fit what phones read', () => {
  it('is not made by a registration with an empty site, and one kept earlier has none', async () => {
    const device = await server.listedDevice();
    const empty = registrationOf(device, OAK_STREET, { place: { site: '', photos: [] } });
    const phone = await server.signIn('ines');
    const { results } = await phone.send([(await phone.seal('registration+jws', empty, ORG)).jws]);
    expect(results).toMatchObject([{ status: 'rejected' }]);
    const { record } = await register(ines, device, { place: { site: 'roof', photos: [] } });
    const { bindings, liveBindings } = server.running.installation.stores;
    const { id } = (await liveBindings.byName(device.maker, device.udid)) ?? {};
    await bindings.setSite(id ?? '', '');
    const page = (await ines.get(`/api/field-devices?org=${ORG}&after=`)).body;
    expect(parse(FieldDevices, page)).toBeDefined();
    const [shown] = await shownOf(device);
    expect(shown).toMatchObject({ registration: record, place: await digestAt({}) });
    expect(shown).not.toHaveProperty('site');
  });

  it('is left out and said to the operator, and the others are told', async () => {
    const odd = await startTestServer();
    const phone = await odd.signIn('ines');
    const [broken, whole] = [await odd.listedDevice(), await odd.listedDevice()];
    for (const device of [broken, whole]) await register(phone, device);
    const { places, liveBindings } = odd.running.installation.stores;
    const binding = await liveBindings.byName(broken.maker, broken.udid);
    if (binding === undefined) throw new Error('no live binding');
    const { id, registration, domain } = binding;
    const stands = { domain, site: null, position: 'x'.repeat(201), standsBy: registration };
    const change = { registration, binding: id, record: registration, by: 'ines', because: null };
    await places.put({ ...stands, ...change, at: newRecord().capturedAt, before: stands });
    const page = parse(FieldDevices, (await phone.get(`/api/field-devices?org=${ORG}&after=`)).body);
    const told = page?.devices.map(({ udid }) => udid);
    expect(told).toContain(whole.udid);
    expect(told).not.toContain(broken.udid);
    expect(odd.faults.map(String)).toEqual([expect.stringContaining(id)]);
    await odd.close();
  });
});

function idOf(jws: string): string {
  const payload = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as { id: string };
  return payload.id;
}
