import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransferState } from '../../contract/transfer.ts';
import { issuerName } from '../support/issuer-name.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { clientToken, sendAsClient } from '../support/server-client.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { wordsIn } from '../support/words.ts';

let server: TestServer;
let ines: TestOperator;
let hanna: TestOperator;
let sam: TestOperator;
let ada: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
  hanna = await server.signIn('hanna');
  sam = await server.signIn('sam');
  ada = await server.signIn('ada');
});
afterAll(() => closeFaultless(server));

/** A device of northfield that Hanna's home claims: the claim's record. */
async function claimed(
  by: TestOperator = hanna,
): Promise<{ device: TestDevice; own: string; record: string }> {
  const device = await server.listedDevice();
  const own = registrationOf(device, OAK_STREET);
  await ines.submit('registration+jws', own, 'northfield');
  const claim = registrationOf(device, HANNA);
  const change = await by.submit('registration+jws', claim, 'hanna-home');
  expect(change).toMatchObject({ outcome: 'refused', code: 'transfer_case' });
  return { device, own: own.id, record: claim.id };
}

async function caseOf({ udid }: TestDevice, who = sam): Promise<TransferState | undefined> {
  const reply = await who.get('/api/transfers?org=northfield');
  return (reply.body as { transfers: TransferState[] }).transfers.find((one) => one.udid === udid);
}

const decide = (
  who: TestOperator,
  id: string | undefined,
  decision: 'give_up' | 'refuse',
  org = 'northfield',
) => who.post(`/api/transfers/${id}?org=${org}`, { decision, because: 'as agreed' });

describe('a claim on another organisation’s device', () => {
  it('is given up by two persons, revoked there and bound here', async () => {
    const { device, own, record } = await claimed();
    const open = await caseOf(device);
    expect(open).toMatchObject({ claimant: "Hanna's home", domain: OAK_STREET, maker: 'acme' });
    expect((await decide(sam, open?.id, 'give_up')).body).toMatchObject({ result: 'offered' });
    expect((await decide(sam, open?.id, 'give_up')).body).toMatchObject({ result: 'offered' });
    expect((await caseOf(device, ada))?.offered).toMatchObject({
      by: 'sam',
      name: 'Sam Petrov',
      because: 'as agreed',
    });
    expect(await hanna.outcome(record, 'hanna-home')).toMatchObject({ code: 'transfer_case' });
    expect((await decide(ada, open?.id, 'give_up')).body).toMatchObject({ result: 'given_up' });

    const bound = await hanna.outcome(record, 'hanna-home');
    expect(bound).toMatchObject({
      outcome: 'bound',
      domain: HANNA,
      certificate: { fingerprint: expect.any(String) },
    });
    const { stores } = server.running.installation;
    const old = (await stores.bindingHistory.ofUdid(device.udid)).find(({ org }) => org === 'northfield');
    expect(old?.endedAt).not.toBeNull();
    const entries = await stores.certificateStates.revokedBy(issuerName('northfield'));
    const [certificate] = await stores.certificates.ofBinding(old?.id ?? '');
    expect(entries.find(({ serial }) => serial === certificate?.serial)).toMatchObject({
      reason: 'affiliationChanged',
    });
    expect(await ines.outcome(own, 'northfield')).toMatchObject({ outcome: 'refused', code: 'given_up' });
    expect(await caseOf(device)).toBeUndefined();
    expect((await decide(ada, open?.id, 'give_up')).status).toBe(404);
    const words = ['northfield', 'oak-street', 'ines', 'sam', 'ada'];
    expect(wordsIn(await hanna.changes('hanna-home'), words)).toEqual([]);
  });

  it('is refused by one person, who stays unnamed', async () => {
    const { device, record } = await claimed();
    const open = await caseOf(device);
    expect((await decide(ada, open?.id, 'refuse')).body).toMatchObject({ result: 'refused' });
    const change = await hanna.outcome(record, 'hanna-home');
    expect(change).toMatchObject({ outcome: 'refused', code: 'transfer_refused' });
    expect(wordsIn(change, ['northfield', 'oak-street', 'ada'])).toEqual([]);
    expect(await caseOf(device)).toBeUndefined();
    const { devices } = (await sam.get('/api/devices?org=northfield')).body as {
      devices: { udid: string; revokedAt: unknown }[];
    };
    expect(devices.find(({ udid }) => udid === device.udid)?.revokedAt).toBeNull();
  });

  it('is one case for each claimant, which two persons decide for that one', async () => {
    const { device, record } = await claimed();
    const first = (await caseOf(device))?.id;
    const again = registrationOf(device, HANNA);
    await hanna.submit('registration+jws', again, 'hanna-home');
    const { transfers } = server.running.installation.stores;
    const [binding] = await server.running.installation.stores.bindingHistory.ofUdid(device.udid);
    const ofDevice = async () => (await transfers.openCases()).filter((one) => one.binding === binding?.id);
    expect(await ofDevice()).toMatchObject([{ id: first, record }]);
    const third = {
      id: '019b0000-0000-7000-8000-00000000c001',
      record: '019b0000-0000-7000-8000-00000000c002',
    };
    const { transact } = server.running.installation;
    const other = {
      ...third,
      claimant: 'westside',
      binding: binding?.id ?? '',
      openedAt: new Date().toISOString(),
    };
    await transact((tx) => tx.transfers.openCase(other));
    const second = third.id;
    expect(await ofDevice()).toHaveLength(2);
    expect((await decide(sam, first, 'give_up')).body).toMatchObject({ result: 'offered' });
    expect((await decide(ada, second, 'give_up')).body).toMatchObject({ result: 'offered' });
    expect(await hanna.outcome(record, 'hanna-home')).toMatchObject({ code: 'transfer_case' });
    expect(await hanna.outcome(again.id, 'hanna-home')).toMatchObject({ code: 'transfer_case' });
    // What was said in the other case stands when one is refused.
    expect((await decide(sam, second, 'refuse')).body).toMatchObject({ result: 'refused' });
    expect((await decide(sam, first, 'give_up')).body).toMatchObject({ result: 'offered' });
    expect((await decide(ada, first, 'give_up')).body).toMatchObject({ result: 'given_up' });
    expect(await hanna.outcome(record, 'hanna-home')).toMatchObject({ outcome: 'bound' });
  });

  it('is nobody’s business but the owner’s desk', async () => {
    const { device } = await claimed();
    const open = await caseOf(device);
    expect((await hanna.get('/api/transfers?org=northfield')).status).toBe(403);
    expect((await ines.get('/api/transfers?org=northfield')).status).toBe(403);
    const { transfers } = (await hanna.get('/api/transfers?org=hanna-home')).body as {
      transfers: TransferState[];
    };
    expect(transfers.filter(({ udid }) => udid === device.udid)).toEqual([]);
    expect((await decide(hanna, open?.id, 'give_up', 'hanna-home')).status).toBe(404);
  });

  it('is not decided by whoever made it', async () => {
    const { device } = await claimed(sam);
    const open = await caseOf(device);
    expect((await decide(sam, open?.id, 'give_up')).body).toMatchObject({ code: 'forbidden' });
  });

  it('needs one person more where a machine client offered the device', async () => {
    const device = await server.listedDevice();
    await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
    const token = await clientToken(server, ['transfer']);
    expect((await sendAsClient(server, token, device, { act: 'give_up', because: 'sold' })).status).toBe(200);
    const claim = registrationOf(device, HANNA);
    await hanna.submit('registration+jws', claim, 'hanna-home');
    const open = await caseOf(device);
    expect(open?.offered).toMatchObject({ because: 'sold', by: expect.stringMatching(/^client /) });
    expect((await decide(sam, open?.id, 'give_up')).body).toMatchObject({ result: 'given_up' });
    expect(await hanna.outcome(claim.id, 'hanna-home')).toMatchObject({ outcome: 'bound' });
  });
});

describe('a thief', () => {
  const act = (who: TestOperator, { maker, udid }: TestDevice, body: object) =>
    who.post(`/api/devices/${maker}/${udid}?org=northfield`, { because: 'reported', ...body });

  it('gets nothing by a device reported stolen: a tombstone, before and after the claim', async () => {
    const { device, record } = await claimed();
    const open = await caseOf(device);
    await decide(sam, open?.id, 'give_up');
    await act(sam, device, { act: 'revoke', reason: 'stolen' });
    expect((await decide(ada, open?.id, 'give_up')).status).toBe(404);
    expect(await hanna.outcome(record, 'hanna-home')).toMatchObject({ code: 'transfer_case' });
    const again = await hanna.submit('registration+jws', registrationOf(device, HANNA), 'hanna-home');
    expect(again).toMatchObject({ outcome: 'refused', code: 'tombstoned' });
    expect(await caseOf(device)).toBeUndefined();
  });

  it('gets nothing by one reported lost, while it is', async () => {
    const { device, record } = await claimed();
    const open = await caseOf(device);
    await act(sam, device, { act: 'suspend', reason: 'lost' });
    expect((await caseOf(device))?.suspended).toBe('lost');
    expect((await decide(ada, open?.id, 'give_up')).body).toMatchObject({ code: 'conflict' });
    await act(ada, device, { act: 'resume' });
    await decide(sam, open?.id, 'give_up');
    await decide(ada, open?.id, 'give_up');
    expect(await hanna.outcome(record, 'hanna-home')).toMatchObject({ outcome: 'bound' });
  });
});

it('is offered from the command line by one named person, and given up by another who signs in', async () => {
  const { device, record } = await claimed();
  const id = (await caseOf(device))?.id ?? '';
  const words = ['transfer', 'decide', id, '--decision', 'give-up', '--because', 'sold'];
  expect((await server.fieldbind('transfer', 'list')).out).toContain(id);
  expect((await server.fieldbind(...words, '--by', 'sam')).out).toContain('offered');
  // Two eyes are two sign-ins: a second name from the same shell is none, nor is the same person who signs in.
  const second = await server.fieldbind(...words, '--by', 'ada');
  expect(second).toMatchObject({ code: 1, out: expect.stringContaining('signs in and gives it up') });
  expect((await decide(sam, id, 'give_up')).body).toMatchObject({ result: 'offered' });
  expect(await hanna.outcome(record, 'hanna-home')).toMatchObject({ outcome: 'refused' });
  expect((await decide(ada, id, 'give_up')).body).toMatchObject({ result: 'given_up' });
  expect(await hanna.outcome(record, 'hanna-home')).toMatchObject({ outcome: 'bound' });
});
