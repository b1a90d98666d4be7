import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FieldDevices } from '../../contract/field-device.ts';
import { parse } from '../../contract/parse.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { digestAt, newRecord, type Spot } from '../support/place-records.ts';
import { HANNA, HARBOUR, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { answerFor } from '../support/server-fresh.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

// Places as nobody should write them, and records about devices and domains that are somebody else's.
const ORG = 'northfield';
const HOME = 'hanna-home';
let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

async function correction(registration: string, udid: string, base: Spot, place: Spot, domain = OAK_STREET) {
  return { ...newRecord(), registration, udid, domain, base: await digestAt(base, domain), place };
}

async function shownOf({ maker, udid }: TestDevice, phone = ines, org = ORG) {
  const { status, body } = await phone.get(`/api/field-devices?org=${org}&after=`);
  const answer = parse(FieldDevices, body);
  if (status !== 200 || answer === undefined) throw new Error('the answer is not as the contract says');
  return answer.devices.find((one) => one.maker === maker && one.udid === udid);
}

describe('a place', () => {
  it.each([
    ['a hundred letters', 'Aufzugsmaschinenraum '.repeat(5).slice(0, 100).trim()],
    ['from right to left', 'مبنى الضيوف، الطابق ٣'],
    ['of letters that join', '👩🏽‍🔧 Nördliche Straße №\u00a07'],
  ])('named by %s is corrected and told as it was written', async (_, position) => {
    const device = await server.listedDevice();
    const { record } = await register(ines, device);
    const wanted = { site: 'annex', position };
    const payload = await correction(record, device.udid, {}, wanted);
    expect(await ines.submit('amendment+jws', payload, ORG)).toMatchObject({ outcome: 'noted' });
    expect(await shownOf(device)).toMatchObject({
      site: 'annex',
      position: position.normalize('NFC').replaceAll('\u00a0', ' '),
      place: await digestAt(wanted),
    });
    // What the phone was told is what it may name as the place that it knew.
    const told = (await shownOf(device))?.place ?? '';
    const next = { ...(await correction(record, device.udid, {}, {})), base: told };
    expect(await ines.submit('amendment+jws', next, ORG)).toMatchObject({ outcome: 'noted' });
  });

  it('with line breaks stands in one line, whether a registration or a correction wrote it', async () => {
    const device = await server.listedDevice();
    const written = { position: ' Flat\n2,\t\r\nleft ' };
    const { record } = await register(ines, device, { place: { ...written, photos: [] } });
    expect((await shownOf(device))?.place).toBe(await digestAt({ position: 'Flat 2, left' }));
    const right = { position: 'Flat\n3' };
    const payload = await correction(record, device.udid, { position: 'Flat 2, left' }, right);
    expect(await ines.submit('amendment+jws', payload, ORG)).toMatchObject({ outcome: 'noted' });
    expect((await shownOf(device))?.position).toBe('Flat 3');
  });

  it('longer than a sentence is not taken at all', async () => {
    const device = await server.listedDevice();
    const { record } = await register(ines, device);
    const payload = await correction(record, device.udid, {}, { position: 'x'.repeat(201) });
    const { jws } = await ines.seal('amendment+jws', payload, ORG);
    expect((await ines.send([jws])).results[0]).toMatchObject({ status: 'rejected' });
  });

  it('is corrected once by a record that arrives twice', async () => {
    const device = await server.listedDevice();
    const { record } = await register(ines, device);
    const payload = await correction(record, device.udid, {}, { position: 'Once' });
    const { jws } = await ines.seal('amendment+jws', payload, ORG);
    await ines.send([jws, jws]);
    await ines.send([jws]);
    expect(await ines.outcome(payload.id, ORG)).toMatchObject({ outcome: 'noted' });
    const { stores } = server.running.installation;
    expect(await stores.places.ofRegistration(record)).toHaveLength(1);
    // The same bytes again change nothing, though somebody corrected it since.
    const later = await correction(record, device.udid, { position: 'Once' }, { position: 'Later' });
    await ines.submit('amendment+jws', later, ORG);
    await ines.send([jws]);
    await server.running.decider.idle();
    expect((await shownOf(device))?.position).toBe('Later');
  });

  it('of one of two devices with one name is corrected for that one alone', async () => {
    // A serial that no maker's name stands before, as two may print it.
    const first = await server.listedDevice({ udid: 'mac-0013a2000001' });
    const second = await makeDevice({ maker: 'zenith', udid: first.udid });
    expect((await server.importList(ORG, [rowOf(second)])).errors).toEqual([]);
    const one = await register(ines, first);
    const other = await register(ines, second);
    expect([one.outcome, other.outcome]).toEqual(['bound', 'bound']);
    const payload = await correction(other.record, second.udid, {}, { position: 'Second' });
    expect(await ines.submit('amendment+jws', payload, ORG)).toMatchObject({ outcome: 'noted' });
    expect((await shownOf(second))?.position).toBe('Second');
    expect(await shownOf(first)).not.toHaveProperty('position');
  });
});

describe('what is somebody else’s', () => {
  it('is neither corrected nor taken back from another organisation, nor told of', async () => {
    const hanna = await server.signIn('hanna');
    const theirs = await server.listedDevice({ org: HOME });
    const payload = registrationOf(theirs, HANNA);
    const { record } = await hanna.submit('registration+jws', payload, HOME);
    for (const domain of [OAK_STREET, HANNA]) {
      const wrong = await correction(record, theirs.udid, {}, { position: 'Mine' }, domain);
      expect(await ines.submit('amendment+jws', wrong, ORG)).toMatchObject({
        outcome: 'refused',
        code: 'registration_unknown',
      });
    }
    const taken = { ...newRecord(), of: record, udid: theirs.udid, reason: 'wrong_place' };
    expect(await ines.submit('void+jws', taken, ORG)).toMatchObject({ code: 'registration_unknown' });
    expect(await shownOf(theirs)).toBeUndefined();
    expect(await shownOf(theirs, hanna, HOME)).toMatchObject({ state: 'issued' });
    const site = { ...newRecord(), domain: HANNA, site: 'shed', title: 'Shed' };
    expect(await ines.submit('site+jws', site, ORG)).toMatchObject({ code: 'domain_not_entitled' });
  });

  it('is no domain to move to, for whoever works in both organisations too', async () => {
    await server.fieldbind('operator', 'join', 'ines', '--org', HOME, '--role', 'installer');
    const phone = await server.signIn('ines');
    const device = await server.listedDevice();
    await register(phone, device);
    const from = { domain: OAK_STREET, place: await digestAt({}) };
    for (const [org, code] of [
      [ORG, 'domain_not_entitled'],
      [HOME, 'transfer_case'],
    ] as const) {
      const id = uuid7(Date.now(), nodeCrypto);
      const fresh = await answerFor(id, device, { by: phone });
      const payload = registrationOf(device, HANNA, { id, ...fresh, from });
      const answer = await phone.submit('registration+jws', payload, org);
      expect([answer.outcome === 'bound', answer.code]).toEqual([false, code]);
    }
    expect(await shownOf(device, phone)).toMatchObject({ domain: OAK_STREET, state: 'issued' });
  });

  it('becomes so for a person who has left: what was signed before is taken for nothing', async () => {
    await server.fieldbind('operator', 'join', 'hanna', '--org', ORG, '--role', 'installer');
    const hanna = await server.signIn('hanna');
    const device = await server.listedDevice();
    const { record } = await register(hanna, device);
    const late = await correction(record, device.udid, {}, { position: 'Late' });
    const sealed = [
      await hanna.seal('amendment+jws', late, ORG),
      await hanna.seal(
        'void+jws',
        { ...newRecord(), of: record, udid: device.udid, reason: 'wrong_place' },
        ORG,
      ),
      await hanna.seal('registration+jws', registrationOf(device, HARBOUR), ORG),
    ];
    const left = await server.fieldbind('operator', 'leave', 'hanna', '--org', ORG);
    expect(left).toMatchObject({ code: 0 });
    const { results } = await hanna.send(sealed.map(({ jws }) => jws));
    expect(results.map((one) => ('code' in one ? one.code : one.status))).toEqual([
      'org_not_entitled',
      'org_not_entitled',
      'org_not_entitled',
    ]);
    expect((await hanna.get(`/api/field-devices?org=${ORG}&after=`)).status).toBe(403);
    const shown = await shownOf(device);
    expect(shown).toMatchObject({ domain: OAK_STREET, state: 'issued' });
    expect(shown).not.toHaveProperty('position');
  });
});

describe('a place that was changed at the office while the phone was away', () => {
  it('is a conflict for the correction, the visit and the move alike, and each says where it stands', async () => {
    const device = await server.listedDevice();
    const known = { site: 'basement', position: 'Shelf 1' };
    const { record } = await register(ines, device, { place: { ...known, photos: [] } });
    const ada = await server.signIn('ada');
    const office = await correction(record, device.udid, known, { site: 'roof', position: 'Mast' });
    expect(await ada.submit('amendment+jws', office, ORG)).toMatchObject({ outcome: 'noted' });
    const conflict = { outcome: 'refused', code: 'place_conflict', detail: 'Roof, Mast' };
    const mine = await correction(record, device.udid, known, { position: 'Shelf 2' });
    expect(await ines.submit('amendment+jws', mine, ORG)).toMatchObject(conflict);
    const from = { domain: OAK_STREET, place: await digestAt(known) };
    const place = { position: 'Shelf 3', photos: [] };
    expect(await register(ines, device, { from, place })).toMatchObject(conflict);
    const id = uuid7(Date.now(), nodeCrypto);
    const fresh = await answerFor(id, device, { by: ines });
    expect(await register(ines, device, { id, ...fresh, from }, HARBOUR)).toMatchObject(conflict);
    expect(await shownOf(device)).toMatchObject({ site: 'roof', position: 'Mast', domain: OAK_STREET });
  });
});
