import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeldRecord } from '../../contract/approval.ts';
import type { TransferState } from '../../contract/transfer.ts';
import { createDomain } from '../../server/organisations/create-domain.ts';
import { createOrg } from '../../server/organisations/create-org.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { wordsIn } from '../support/words.ts';

// Two organisations that know nothing good of each other, on one installation.
let server: TestServer;
let ines: TestOperator;
let sam: TestOperator;
let ada: TestOperator;
let hanna: TestOperator;
let wilma: TestOperator;
let walt: TestOperator;
const MILL = 'mill-lane.westside.fieldbind.internal';
beforeAll(async () => {
  server = await startTestServer();
  const { installation } = server.running;
  await createOrg({ name: 'westside', title: 'Westside Energy', training: false }, installation);
  await createDomain({ name: MILL, org: 'westside', title: 'Mill Lane 4' }, installation);
  const { people } = installation.stores;
  for (const [operator, role] of [
    ['wilma', 'installer'],
    ['walt', 'approver'],
    ['wendy', 'installer'],
  ] as const) {
    await people.savePerson({
      operator,
      name: operator,
      about: 'of westside',
      demoRole: role,
      revokedAt: null,
    });
    await people.saveMembership(operator, 'westside', role);
  }
  const signIn = (name: string) => server.signIn(name);
  [ines, sam, ada, hanna] = await Promise.all([
    signIn('ines'),
    signIn('sam'),
    signIn('ada'),
    signIn('hanna'),
  ]);
  [wilma, walt] = await Promise.all([signIn('wilma'), signIn('walt')]);
});
afterAll(() => closeFaultless(server));

const register = async (
  who: TestOperator,
  org: string,
  domain: string,
  device: TestDevice,
  said: Parameters<typeof registrationOf>[2] = {},
) => {
  const registration = registrationOf(device, domain, said);
  await who.send([(await who.seal('registration+jws', registration, org)).jws]);
  await server.running.decider.idle();
  return { ...(await who.outcome(registration.id, org)), id: registration.id };
};
const atMill = (device: TestDevice, said = {}, who = wilma) => register(who, 'westside', MILL, device, said);
const atOak = (device: TestDevice, said = {}) => register(ines, 'northfield', OAK_STREET, device, said);

async function heldAt(who: TestOperator, org: string): Promise<HeldRecord[]> {
  return ((await who.get(`/api/approvals?org=${org}`)).body as { held: HeldRecord[] }).held;
}
const decide = (who: TestOperator, org: string, record: string, decision: 'approve' | 'refuse') =>
  who.post(`/api/approvals/${record}?org=${org}`, { decision, reason: 'as agreed' });

describe('a device on another organisation’s list', () => {
  it('is not had by its name: a key that contradicts the row is refused, as found and by whoever approves', async () => {
    const device = await server.listedDevice();
    const squatter = await makeDevice({ udid: device.udid });
    const first = await atMill(squatter, { asFound: true });
    expect(first).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
    expect((await decide(walt, 'westside', first.id, 'approve')).status).toBe(409);
    expect(await atOak(device)).toMatchObject({ outcome: 'bound' });
  });

  it('is not had by a copy of its request: it waits for the row’s people', async () => {
    const device = await server.listedDevice();
    const claim = await atMill(device);
    expect(claim).toMatchObject({ outcome: 'held', code: 'transfer_case' });
    expect(wordsIn(claim, ['northfield', 'Northfield'])).toEqual([]);
    expect((await decide(walt, 'westside', claim.id, 'approve')).body).toMatchObject({ code: 'forbidden' });
    const [seen] = (await heldAt(walt, 'westside')).filter(({ record }) => record === claim.id);
    expect(seen).toMatchObject({ row: 'elsewhere' });
    expect(wordsIn(seen, ['northfield', 'Northfield'])).toEqual([]);
    expect(await atOak(device)).toMatchObject({ outcome: 'bound' });
  });

  it('is had under no other name by its key either', async () => {
    const device = await server.listedDevice();
    const renamed = await makeDevice({ keys: device.keys });
    const claim = await atMill(renamed, { asFound: true });
    expect(claim).toMatchObject({ outcome: 'held', code: 'transfer_case' });
    expect((await decide(walt, 'westside', claim.id, 'approve')).body).toMatchObject({ code: 'forbidden' });
    expect(await atOak(device)).toMatchObject({ outcome: 'bound' });
  });

  it('is seen on the desk of its own people, and theirs once these release the row', async () => {
    const device = await server.listedDevice();
    const claim = await atMill(device);
    const again = await atMill(device);
    const seen = (await heldAt(sam, 'northfield')).filter(({ udid }) => udid === device.udid);
    expect(seen).toMatchObject([
      { row: 'own', claimant: 'Westside Energy', operatorName: 'Westside Energy', record: claim.id },
    ]);
    expect((await decide(ines, 'northfield', claim.id, 'approve')).status).toBe(403);
    expect((await decide(sam, 'hanna-home', claim.id, 'approve')).status).toBe(404);
    expect((await decide(sam, 'northfield', claim.id, 'approve')).body).toMatchObject({ outcome: 'noted' });
    expect(await wilma.outcome(claim.id, 'westside')).toMatchObject({ outcome: 'bound', domain: MILL });
    expect(await wilma.outcome(again.id, 'westside')).toMatchObject({
      outcome: 'bound',
      code: 'same_install',
    });
    const [row] = await server.running.installation.stores.list.ofUdid('real', device.udid);
    expect(row?.org).toBe('westside');
    expect((await decide(sam, 'northfield', claim.id, 'approve')).status).toBe(404);
    // From now on the old owner is the one who has to ask.
    expect(await atOak(device)).toMatchObject({ code: 'transfer_case' });
  });

  it('stays where it is if its people refuse, who stay unnamed', async () => {
    const device = await server.listedDevice();
    const claim = await atMill(device);
    expect((await decide(ada, 'northfield', claim.id, 'refuse')).body).toMatchObject({ outcome: 'refused' });
    const told = await wilma.outcome(claim.id, 'westside');
    expect(told).toMatchObject({ outcome: 'refused', code: 'transfer_refused' });
    expect(wordsIn(told, ['northfield', 'ada', 'Ada'])).toEqual([]);
    expect(await atOak(device)).toMatchObject({ outcome: 'bound' });
  });

  it('is not released by whoever captured the claim', async () => {
    const device = await server.listedDevice();
    // Sam is of both organisations.
    const claim = await register(sam, 'hanna-home', HANNA, device);
    expect(claim).toMatchObject({ outcome: 'held', code: 'transfer_case' });
    expect((await decide(sam, 'northfield', claim.id, 'approve')).body).toMatchObject({ code: 'forbidden' });
    await decide(ada, 'northfield', claim.id, 'approve');
    expect(await sam.outcome(claim.id, 'hanna-home')).toMatchObject({ outcome: 'bound', domain: HANNA });
  });

  it('goes to whoever its row was released to, and other claims go with it', async () => {
    const device = await server.listedDevice();
    const [first, second] = [await atMill(device), await register(hanna, 'hanna-home', HANNA, device)];
    await decide(sam, 'northfield', first.id, 'approve');
    expect(await wilma.outcome(first.id, 'westside')).toMatchObject({ outcome: 'bound' });
    expect((await heldAt(ada, 'northfield')).some(({ record }) => record === second.id)).toBe(false);
    expect((await heldAt(walt, 'westside')).some(({ record }) => record === second.id)).toBe(true);
  });

  it('whose row names no key waits for the row’s people first, and for the own second person after', async () => {
    const device = await server.listedDevice({ row: { anchor: 'udid-only' } });
    const claim = await atMill(device);
    expect(claim).toMatchObject({ outcome: 'held', code: 'transfer_case' });
    await decide(sam, 'northfield', claim.id, 'approve');
    expect(await wilma.outcome(claim.id, 'westside')).toMatchObject({
      outcome: 'held',
      code: 'udid_only_row',
    });
    await decide(walt, 'westside', claim.id, 'approve');
    expect(await wilma.outcome(claim.id, 'westside')).toMatchObject({ outcome: 'bound' });
  });

  it('takes its row along where its owner gives it up, so that its new owner may retire and bind it again', async () => {
    const device = await server.listedDevice();
    await atOak(device);
    const claim = await register(hanna, 'hanna-home', HANNA, device);
    const { transfers } = (await sam.get('/api/transfers?org=northfield')).body as {
      transfers: TransferState[];
    };
    const id = transfers.find(({ udid }) => udid === device.udid)?.id;
    for (const who of [sam, ada])
      await who.post(`/api/transfers/${id}?org=northfield`, { decision: 'give_up', because: 'sold' });
    expect(await hanna.outcome(claim.id, 'hanna-home')).toMatchObject({ outcome: 'bound' });
    const retire = { act: 'retire', because: 'moved' };
    await sam.post(`/api/devices/acme/${device.udid}?org=hanna-home`, retire);
    expect(await register(hanna, 'hanna-home', HANNA, device)).toMatchObject({ outcome: 'bound' });
  });

  it('is taken back from the desk when its claim is', async () => {
    const device = await server.listedDevice();
    const claim = await atMill(device);
    await decide(walt, 'westside', claim.id, 'refuse');
    expect((await heldAt(sam, 'northfield')).some(({ record }) => record === claim.id)).toBe(false);
    expect((await decide(sam, 'northfield', claim.id, 'approve')).status).toBe(404);
  });
});

describe('an approver', () => {
  it('is told which check failed', async () => {
    const device = await server.listedDevice();
    const other = await makeDevice({ udid: device.udid });
    const found = await atOak(other, { asFound: true });
    const [seen] = (await heldAt(sam, 'northfield')).filter(({ record }) => record === found.id);
    expect(seen).toMatchObject({ code: 'submitted_as_found', check: 'key_mismatch' });
  });
});

describe('one name on two lists', () => {
  it('keeps neither organisation from its own device, whoever comes first', async () => {
    for (const firstAtMill of [true, false]) {
      const mine = await makeDevice();
      const theirs = await makeDevice({ udid: mine.udid });
      const lists = [
        () => server.importList('westside', [rowOf(theirs)]),
        () => server.importList('northfield', [rowOf(mine)]),
      ];
      for (const list of firstAtMill ? lists : lists.reverse())
        expect(await list()).toMatchObject({ imported: 1 });
      const binds = [() => atMill(theirs), () => atOak(mine)];
      for (const bind of firstAtMill ? binds : binds.reverse())
        expect(await bind()).toMatchObject({ outcome: 'bound' });
      expect(await atMill(mine, { asFound: true })).toMatchObject({ code: 'transfer_case' });
      expect(await atOak(theirs, { asFound: true })).toMatchObject({ code: 'transfer_case' });
      // Each revokes its own, and the other’s stays good and may be bound again.
      const revoke = { act: 'revoke', reason: 'stolen', because: 'gone' };
      expect((await walt.post(`/api/devices/acme/${mine.udid}?org=westside`, revoke)).status).toBe(200);
      expect(await atOak(mine)).toMatchObject({ outcome: 'bound', code: 'same_install' });
      expect(await atMill(theirs)).toMatchObject({ outcome: 'refused', code: 'tombstoned' });
    }
  });

  it('gives one device to one list only', async () => {
    const device = await server.listedDevice();
    expect((await server.importList('westside', [rowOf(device)])).errors).toMatchObject([{ code: 'taken' }]);
    const twin = await makeDevice({ keys: device.keys });
    expect((await server.importList('westside', [rowOf(twin)])).errors).toMatchObject([
      { code: 'key_repeated' },
    ]);
  });

  it('is no way around the key: a row of one’s own without a key says nothing against one that names it', async () => {
    const device = await server.listedDevice();
    const row = rowOf(device, { anchor: 'udid-only' });
    expect(await server.importList('westside', [row])).toMatchObject({ imported: 1 });
    const fake = await makeDevice({ udid: device.udid });
    for (const asFound of [false, true])
      expect(await atMill(fake, { asFound })).toMatchObject({ outcome: 'refused', code: 'key_mismatch' });
    expect(await atMill(device)).toMatchObject({ outcome: 'held', code: 'transfer_case' });
    expect(await atOak(device)).toMatchObject({ outcome: 'bound' });
  });

  it('frees a device from whoever had bound its name before this was looked at', async () => {
    const device = await makeDevice();
    const squatter = await makeDevice({ udid: device.udid });
    const found = await atMill(squatter, { asFound: true });
    await decide(walt, 'westside', found.id, 'approve');
    expect(await wilma.outcome(found.id, 'westside')).toMatchObject({ outcome: 'bound' });
    await server.importList('northfield', [rowOf(device)]);
    expect(await atOak(device)).toMatchObject({ outcome: 'bound' });
  });
});

describe('a flood of claims', () => {
  it('is one case, and hides nobody else’s', async () => {
    const [wanted, honest] = [await server.listedDevice(), await server.listedDevice()];
    for (const device of [wanted, honest]) await atOak(device);
    for (let batch = 0; batch < 6; batch++) {
      const sealed: string[] = [];
      for (let n = 0; n < 90; n++)
        sealed.push((await wilma.seal('registration+jws', registrationOf(wanted, MILL), 'westside')).jws);
      await wilma.send(sealed);
    }
    await server.running.decider.idle();
    const late = await register(hanna, 'hanna-home', HANNA, honest);
    expect(late).toMatchObject({ code: 'transfer_case' });
    const { transfers } = (await sam.get('/api/transfers?org=northfield')).body as {
      transfers: TransferState[];
    };
    expect(transfers.filter(({ udid }) => udid === wanted.udid)).toHaveLength(1);
    expect(transfers.filter(({ udid }) => udid === honest.udid)).toHaveLength(1);
  });

  it('on rows is one line of the desk for each row and claimant', async () => {
    const device = await server.listedDevice();
    for (let n = 0; n < 3; n++) await atMill(device);
    await register(hanna, 'hanna-home', HANNA, device);
    const seen = (await heldAt(sam, 'northfield')).filter(({ udid }) => udid === device.udid);
    expect(seen.map(({ claimant }) => claimant).sort()).toEqual(["Hanna's home", 'Westside Energy']);
  });

  it('of one person shows a desk the oldest of everybody', async () => {
    const { records } = server.running.installation.stores;
    const mine = await server.listedDevice({ row: { anchor: 'udid-only' } });
    for (let n = 0; n < 4; n++) await atOak(mine);
    const other = await server.listedDevice({ row: { anchor: 'udid-only' } });
    const late = await register(sam, 'northfield', OAK_STREET, other);
    const shown = await records.held('northfield', 2);
    expect(shown.some(({ id }) => id === late.id)).toBe(true);
  });
});

describe('practice', () => {
  it('makes nobody else’s list look changed', async () => {
    const { versions } = server.running.installation.stores;
    const before = await versions.version('real');
    const practice = await makeDevice({ maker: 'demo' });
    await hanna.post('/api/list?org=training', { rows: [rowOf(practice)] });
    expect(await versions.version('real')).toBe(before);
    await server.listedDevice();
    expect(await versions.version('real')).not.toBe(before);
  });
});
