import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tombstoneDigests } from '../../core/list-lookup.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { HANNA, HARBOUR, OAK_STREET, PRACTICE, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';
import { wordsIn } from '../support/words.ts';

// One live binding of a device over the whole installation, practice with it included.
let server: TestServer;
let ines: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
});
afterAll(() => closeFaultless(server));

describe('simulated and real', () => {
  it('refuses a simulated record outside training', async () => {
    const change = await register(ines, await server.listedDevice(), { device: { link: 'simulated' } });
    expect(change).toMatchObject({ outcome: 'refused', code: 'simulated_device' });
  });

  it('binds a simulated device in training, from training’s own list only', async () => {
    const real = await server.listedDevice();
    const link = { device: { link: 'simulated' } } as const;
    expect(await register(ines, real, link, PRACTICE, 'training')).toMatchObject({ code: 'unknown_device' });
    const practice = await makeDevice();
    const reply = await ines.post('/api/list?org=training', { rows: [rowOf(practice)] });
    expect(reply.body).toMatchObject({ imported: 1, errors: [] });
    expect(await register(ines, practice, link, PRACTICE, 'training')).toMatchObject({ outcome: 'bound' });
    // What training's page added is on no real list.
    expect(await register(ines, practice)).toMatchObject({ outcome: 'refused', code: 'unknown_device' });
  });

  it('lets nobody occupy a real device from training, nor practise on one that is bound', async () => {
    const device = await server.listedDevice();
    const squatter = await makeDevice({ udid: device.udid });
    await ines.post('/api/list?org=training', { rows: [rowOf(squatter)] });
    const link = { device: { link: 'simulated' } } as const;
    const practice = await register(ines, squatter, link, PRACTICE, 'training');
    expect(practice).toMatchObject({ outcome: 'bound' });
    expect(await register(ines, device)).toMatchObject({ outcome: 'bound' });
    // One live binding over the whole installation: the practice with that device has ended.
    const ended = (await ines.changes('training')).filter(({ record }) => record === practice.record);
    expect(ended.at(-1)).toMatchObject({ outcome: 'refused', code: 'practice_ended' });
    const bound = await server.listedDevice();
    await register(ines, bound);
    await ines.post('/api/list?org=training', { rows: [rowOf(bound)] });
    const refused = await register(ines, bound, {}, PRACTICE, 'training');
    expect(refused).toMatchObject({ outcome: 'refused', code: 'transfer_case' });
    // Its owner is not asked to give it up for practice.
    const cases = await server.running.installation.stores.transfers.openCases();
    expect(cases.filter(({ claimant }) => claimant === 'training')).toEqual([]);
  });

  it('buries no real device where practice with one of its name is revoked', async () => {
    const device = await server.listedDevice();
    const { maker, udid } = device;
    await ines.post('/api/list?org=training', { rows: [rowOf(device)] });
    const link = { device: { link: 'simulated' } } as const;
    const practice = await register(ines, device, link, PRACTICE, 'training');
    expect(practice).toMatchObject({ outcome: 'bound' });
    const sam = await server.signIn('sam');
    const revoke = { act: 'revoke', reason: 'stolen', because: 'practice' };
    expect((await sam.post(`/api/devices/${maker}/${udid}?org=training`, revoke)).status).toBe(200);
    const { stores } = server.running.installation;
    expect(await stores.liveBindings.byName(maker, udid)).toBeUndefined();
    const [ended] = await stores.bindingHistory.ofUdid(udid);
    expect(await stores.certificates.newest(ended?.id ?? '')).toMatchObject({
      revokedAt: expect.any(String),
    });
    expect(await ines.outcome(practice.record, 'training')).toMatchObject({ code: 'retired' });
    expect(await register(ines, device)).toMatchObject({ outcome: 'bound' });
  });

  it('buries a real device from the command line though somebody practises on its name', async () => {
    const device = await server.listedDevice();
    const squatter = await makeDevice({ udid: device.udid });
    await ines.post('/api/list?org=training', { rows: [rowOf(squatter)] });
    const link = { device: { link: 'simulated' } } as const;
    expect(await register(ines, squatter, link, PRACTICE, 'training')).toMatchObject({ outcome: 'bound' });
    const { maker, udid } = device;
    const words = ['--maker', maker, '--udid', udid, '--reason', 'keyCompromise', '--by', 'sam'];
    expect(await server.fieldbind('revoke', ...words)).toMatchObject({ code: 0 });
    expect(await register(ines, device)).toMatchObject({ code: 'tombstoned' });
    // The key of who practised may be that of another real device.
    const other = await server.listedDevice({ keys: squatter.keys });
    expect(await register(ines, other)).toMatchObject({ outcome: 'bound' });
    // And when the one is let back in, the other is not.
    const stolen = ['--maker', other.maker, '--udid', other.udid, '--reason', 'keyCompromise', '--by', 'sam'];
    expect(await server.fieldbind('revoke', ...stolen)).toMatchObject({ code: 0 });
    const lift = ['--maker', maker, '--udid', udid, '--reason', 'found', '--by', 'sam'];
    expect(await server.fieldbind('tombstone', 'lift', ...lift)).toMatchObject({ code: 0 });
    expect(await register(ines, device)).toMatchObject({ outcome: 'bound' });
    const { stores } = server.running.installation;
    const digests = await tombstoneDigests('acme-nobody', other.spki, nodeCrypto);
    expect(await stores.tombstones.anyLive(digests)).toBe(true);
  });

  it('keeps the page’s way of adding rows out of real organisations', async () => {
    const reply = await ines.post('/api/list?org=northfield', { rows: [rowOf(await makeDevice())] });
    expect(reply.body).toMatchObject({ code: 'forbidden' });
  });
});

describe('one live binding', () => {
  it('answers the same device in the same domain with the same certificate', async () => {
    const device = await server.listedDevice();
    const first = await register(ines, device);
    const again = await register(ines, device);
    expect(again).toMatchObject({ outcome: 'bound', code: 'same_install', certificate: first.certificate });
  });

  it('names the other place within one’s own organisation', async () => {
    const device = await server.listedDevice();
    await register(ines, device, { place: { site: 'roof', photos: [] } });
    const change = await register(ines, device, {}, HARBOUR);
    expect(change).toMatchObject({ outcome: 'refused', code: 'taken_same_org' });
    expect(change.detail).toContain(OAK_STREET);
    expect(change.detail).toContain('roof');
  });

  it('opens a transfer case across organisations and tells nothing of the owner', async () => {
    const device = await server.listedDevice();
    await register(ines, device);
    const hanna = await server.signIn('hanna');
    const payload = registrationOf(device, HANNA);
    const change = await hanna.submit('registration+jws', payload, 'hanna-home');
    expect(change).toMatchObject({ outcome: 'refused', code: 'transfer_case' });
    expect(change.certificate).toBeUndefined();
    expect(wordsIn(change, ['northfield', 'oak-street', 'ines'])).toEqual([]);
    const cases = await server.running.installation.stores.transfers.openCases();
    expect(cases.filter(({ record }) => record === payload.id)).toMatchObject([{ claimant: 'hanna-home' }]);
  });

  it('holds over copies of the key under another UDID too', async () => {
    const device = await server.listedDevice();
    await register(ines, device);
    const twin = await makeDevice({ keys: device.keys });
    expect((await server.importList('northfield', [rowOf(twin)])).errors).toMatchObject([
      { code: 'key_repeated' },
    ]);
    await server.importList('northfield', [rowOf(twin, { anchor: 'udid-only' })]);
    expect(await register(ines, twin)).toMatchObject({ outcome: 'refused', code: 'taken_same_org' });
  });
});
