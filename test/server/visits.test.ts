import type { Static } from 'typebox/type';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceStates } from '../../contract/device-state.ts';
import type { FieldDevices } from '../../contract/field-device.ts';
import { placeDigest } from '../../core/place.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';

// What a visit to a known device does beside binding it: its place is corrected, or it takes another one's place.
const ORG = 'northfield';
let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

interface Spot {
  readonly site?: string;
  readonly position?: string;
}
const at = async (spot: Spot) => ({
  domain: OAK_STREET,
  place: await placeDigest({ domain: OAK_STREET, ...spot }, nodeCrypto),
});

function visit(device: TestDevice, spot: Spot, more: object = {}) {
  const payload = registrationOf(device, OAK_STREET, { place: { ...spot, photos: [] }, ...more });
  return ines.submit('registration+jws', payload, ORG);
}

async function states(): Promise<Static<typeof DeviceStates>['devices']> {
  return ((await ines.get(`/api/devices?org=${ORG}`)).body as Static<typeof DeviceStates>).devices;
}
const stateOf = async ({ udid }: TestDevice) => (await states()).find((one) => one.udid === udid);

describe('a visit to a device that is bound there', () => {
  it('corrects its place, and the certificate stays the same', async () => {
    const device = await server.listedDevice();
    const wrong = { site: 'basement', position: 'Shelf 1' };
    const first = await visit(device, wrong);
    const right = { site: 'roof', position: 'Shelf 9' };
    const again = await visit(device, right, { from: await at(wrong) });
    expect(again).toMatchObject({ outcome: 'bound', code: 'same_install' });
    expect(again.certificate?.fingerprint).toBe(first.certificate?.fingerprint);
    expect(await stateOf(device)).toMatchObject(right);
    const { body } = await ines.get(`/api/field-devices?org=${ORG}&after=`);
    const shown = (body as FieldDevices).devices.find(({ udid }) => udid === device.udid);
    const one = (await ines.get(`/api/devices?org=${ORG}&udid=${device.udid}`)).body as Static<
      typeof DeviceStates
    >;
    const { at: placedAt } = one.devices[0]?.places?.at(-1) ?? {};
    expect(shown).toMatchObject({ ...right, place: (await at(right)).place, placedAt });
    expect(placedAt).toBeDefined();
  });

  it('changes nothing where somebody put it elsewhere meanwhile, and says where it stands', async () => {
    const device = await server.listedDevice();
    const first = await visit(device, { site: 'basement' });
    await visit(device, { site: 'roof' }, { from: await at({ site: 'basement' }) });
    const late = await visit(device, { site: 'floor-1' }, { from: await at({ site: 'basement' }) });
    expect(late).toMatchObject({ outcome: 'refused', code: 'place_conflict', detail: 'Roof' });
    // The device itself is as it was, and who visited is told by their list as well.
    expect(await stateOf(device)).toMatchObject({ state: 'issued', registration: first.record });
    const { body } = await ines.get(`/api/field-devices?org=${ORG}&after=`);
    expect((body as FieldDevices).records).toContainEqual(
      expect.objectContaining({ record: late.record, outcome: 'refused', code: 'place_conflict' }),
    );
    expect((await stateOf(device))?.site).toBe('roof');
  });

  it('is no conflict where it leaves the place as the phone knew it, or says what stands there by now', async () => {
    const device = await server.listedDevice();
    await visit(device, { site: 'basement' });
    const from = await at({ site: 'basement' });
    await visit(device, { site: 'roof' }, { from });
    for (const site of ['basement', 'roof'])
      expect(await visit(device, { site }, { from })).toMatchObject({
        outcome: 'bound',
        code: 'same_install',
      });
    expect((await stateOf(device))?.site).toBe('roof');
  });

  it('leaves the place alone where the phone did not know one', async () => {
    const device = await server.listedDevice();
    await visit(device, { site: 'basement' });
    expect(await visit(device, { site: 'roof' })).toMatchObject({ outcome: 'bound', code: 'same_install' });
    expect((await stateOf(device))?.site).toBe('basement');
  });
});

async function endOf({ udid }: TestDevice) {
  const { body } = await ines.get(`/api/field-devices?org=${ORG}&after=`);
  return (body as FieldDevices).devices.find((one) => one.udid === udid);
}

describe('a device in the place of another one', () => {
  it('is bound there, and the old one ends, by somebody who may end devices', async () => {
    const [old, next] = [await server.listedDevice(), await server.listedDevice()];
    await visit(old, { site: 'roof', position: 'Mast 2' });
    const ada = await server.signIn('ada');
    const replaces = { maker: 'acme', udid: old.udid };
    const payload = registrationOf(next, OAK_STREET, { place: { photos: [] }, replaces });
    expect(await ada.submit('registration+jws', payload, ORG)).toMatchObject({ outcome: 'bound' });
    expect(await stateOf(next)).toMatchObject({ site: 'roof', position: 'Mast 2', replaces: old.udid });
    expect((await stateOf(old))?.state).toBe('revoked');
    expect(await endOf(old)).toMatchObject({ state: 'ended', ended: { code: 'replaced', by: 'Ada Novak' } });
  });

  it('waits for the desk where an installer asks for it, and both stay as they are; so does a refusal', async () => {
    const [old, next] = [await server.listedDevice(), await server.listedDevice()];
    await visit(old, { site: 'roof', position: 'Mast 2' });
    const replaces = { maker: 'acme', udid: old.udid };
    const held = await visit(next, {}, { replaces });
    expect(held).toMatchObject({ outcome: 'held', code: 'replaces_another' });
    expect(held.detail).toContain(old.udid);
    expect((await stateOf(old))?.state).toBe('issued');
    expect(await stateOf(next)).toBeUndefined();
    const sam = await server.signIn('sam');
    const decide = (record: string, decision: string) =>
      sam.post(`/api/approvals/${record}?org=${ORG}`, { decision, reason: 'seen' });
    const { body } = await sam.get(`/api/approvals?org=${ORG}`);
    expect(body).toMatchObject({
      held: expect.arrayContaining([expect.objectContaining({ record: held.record, detail: held.detail })]),
    });
    await decide(held.record, 'refuse');
    expect((await stateOf(old))?.state).toBe('issued');
    const again = await visit(next, {}, { replaces });
    await decide(again.record, 'approve');
    expect((await stateOf(old))?.state).toBe('revoked');
    expect(await stateOf(next)).toMatchObject({ site: 'roof', position: 'Mast 2', replaces: old.udid });
    expect(await endOf(old)).toMatchObject({ ended: { code: 'replaced', by: 'Sam Petrov' } });
  });

  it('is one that is bound here already, and the old one ends too', async () => {
    const [old, next] = [await server.listedDevice(), await server.listedDevice()];
    const ada = await server.signIn('ada');
    await visit(old, { site: 'roof', position: 'Mast 2' });
    await ada.submit('registration+jws', registrationOf(next, OAK_STREET, { place: { photos: [] } }), ORG);
    const payload = registrationOf(next, OAK_STREET, {
      place: { site: 'roof', position: 'Mast 2', photos: [] },
      replaces: { maker: 'acme', udid: old.udid },
      from: await at({}),
    });
    const outcome = await ada.submit('registration+jws', payload, ORG);
    expect(outcome).toMatchObject({ outcome: 'bound', code: 'same_install' });
    expect(await stateOf(next)).toMatchObject({ site: 'roof', position: 'Mast 2', replaces: old.udid });
    expect(await endOf(old)).toMatchObject({ state: 'ended', ended: { code: 'replaced', by: 'Ada Novak' } });
    // One place only.
    const second = await server.listedDevice();
    await visit(second, {});
    const more = registrationOf(next, OAK_STREET, {
      place: { photos: [] },
      replaces: { maker: 'acme', udid: second.udid },
    });
    expect(await ada.submit('registration+jws', more, ORG)).toMatchObject({
      outcome: 'refused',
      code: 'replaces_two',
    });
    expect((await stateOf(second))?.state).toBe('issued');
    // An installer asks for it here as well.
    const third = await server.listedDevice();
    await visit(third, {});
    expect(await visit(third, {}, { replaces: { maker: 'acme', udid: next.udid } })).toMatchObject({
      outcome: 'held',
      code: 'replaces_another',
    });
  });

  it('is bound all the same where there is no such device here', async () => {
    const next = await server.listedDevice();
    const bound = await visit(next, { site: 'roof' }, { replaces: { maker: 'acme', udid: 'acme-nowhere' } });
    expect(bound.outcome).toBe('bound');
    expect((await stateOf(next))?.replaces).toBeUndefined();
  });

  it('ends no device of another organisation', async () => {
    const theirs = await server.listedDevice({ org: 'hanna-home' });
    const hanna = await server.signIn('hanna');
    const { suffix } = server.running.installation;
    await hanna.submit('registration+jws', registrationOf(theirs, `hanna.${suffix}`), 'hanna-home');
    const next = await server.listedDevice();
    await visit(next, {}, { replaces: { maker: 'acme', udid: theirs.udid } });
    const { devices } = (await hanna.get('/api/devices?org=hanna-home')).body as Static<typeof DeviceStates>;
    expect(devices.find(({ udid }) => udid === theirs.udid)?.state).toBe('issued');
  });

  it('and the old one stays, whatever else the registration is approved for, until its end is approved', async () => {
    const [old, next] = [
      await server.listedDevice(),
      await server.listedDevice({ row: { anchor: 'udid-only' } }),
    ];
    await visit(old, { site: 'roof' });
    const held = await visit(next, {}, { replaces: { maker: 'acme', udid: old.udid } });
    expect(held.outcome).toBe('held');
    expect((await stateOf(old))?.state).toBe('issued');
    const sam = await server.signIn('sam');
    expect(held.code).toBe('udid_only_row');
    const approve = () =>
      sam.post(`/api/approvals/${held.record}?org=${ORG}`, { decision: 'approve', reason: 'seen' });
    expect((await approve()).body).toMatchObject({ outcome: 'held', code: 'replaces_another' });
    expect((await stateOf(old))?.state).toBe('issued');
    expect((await approve()).body).toMatchObject({ outcome: 'bound' });
    expect((await stateOf(old))?.state).toBe('revoked');
    expect(await stateOf(next)).toMatchObject({ site: 'roof', replaces: old.udid });
  });
});
