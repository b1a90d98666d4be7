import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { issuerName } from '../support/issuer-name.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { signInAs, type TestOperator } from '../support/server-operator.ts';

/** Longer than a process goes by what it read of an organisation's CAs. */
const MOMENT = 6_000;
const FIRST = issuerName('northfield');
const SECOND = issuerName('northfield_2');

let server: TestServer;
let ines: TestOperator;
let sam: TestOperator;
let ada: TestOperator;
let hanna: TestOperator;
let old: TestDevice;
let ahead = 0;

beforeAll(async () => {
  server = await startTestServer({ clock: { now: () => Date.now() + ahead } });
  [ines, sam, ada, hanna] = (await Promise.all(
    ['ines', 'sam', 'ada', 'hanna'].map((who) => signInAs(server.url, who)),
  )) as [TestOperator, TestOperator, TestOperator, TestOperator];
  old = await bind();
  expect((await server.fieldbind('ca', 'rotate', '--org', 'northfield')).code).toBe(0);
  ahead += MOMENT;
});
afterAll(() => closeFaultless(server));

async function bind(): Promise<TestDevice> {
  const device = await server.listedDevice();
  const change = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  expect(change.outcome).toBe('bound');
  return device;
}

/** What the list that was signed last says of this device's newest certificate. Nothing is fetched: that would sign anew. */
async function signedLast({ udid }: TestDevice, issuer = SECOND) {
  const { stores } = server.running.installation;
  const [binding] = await stores.bindingHistory.ofUdid(udid);
  const certificate = binding && (await stores.certificates.newest(binding.id));
  if (certificate === undefined) throw new Error('never bound');
  expect(certificate.issuer).toBe(issuer);
  const crl = await stores.crls.crl(issuer);
  const entries = crl === undefined ? [] : new x509.X509Crl(Uint8Array.from(crl.der)).entries;
  const entry = entries.find(({ serialNumber }) => serialNumber === certificate.serial);
  return { listed: entry !== undefined, number: crl?.number };
}

const names = ({ udid, maker }: TestDevice) => ['--udid', udid, '--maker', maker];
const word = ['--by', 'sam', '--because', 'as agreed'];
const desk = (device: TestDevice, body: object) =>
  sam.post(`/api/devices/${device.maker}/${device.udid}?org=northfield`, { because: 'as agreed', ...body });

/** Each way in which a certificate ends or is put on hold by somebody's word. */
const ACTS: Record<string, (device: TestDevice) => Promise<unknown>> = {
  'the command revoke': (device) =>
    server.fieldbind('revoke', ...names(device), '--reason', 'keyCompromise', '--by', 'sam'),
  'the command device suspend': (device) =>
    server.fieldbind('device', 'suspend', ...names(device), '--reason', 'lost', ...word),
  'the command device retire': (device) => server.fieldbind('device', 'retire', ...names(device), ...word),
  'the command device replace': async (device) => {
    const { udid } = await bind();
    return server.fieldbind('device', 'replace', ...names(device), '--with', udid, ...word);
  },
  'the desk revoking': (device) => desk(device, { act: 'revoke', reason: 'stolen' }),
  'the desk suspending': (device) => desk(device, { act: 'suspend', reason: 'maintenance' }),
  'the desk retiring': (device) => desk(device, { act: 'retire' }),
  'the desk replacing': async (device) => {
    const { maker, udid } = await bind();
    return desk(device, { act: 'replace', with: { maker, udid } });
  },
  'two persons giving it up': async (device) => {
    await hanna.submit('registration+jws', registrationOf(device, HANNA), 'hanna-home');
    const { body } = await sam.get('/api/transfers?org=northfield');
    const { transfers } = body as { transfers: { id: string; udid: string }[] };
    const id = transfers.find(({ udid }) => udid === device.udid)?.id ?? '';
    const say = (who: TestOperator) =>
      who.post(`/api/transfers/${id}?org=northfield`, { decision: 'give_up', because: 'as agreed' });
    expect((await say(sam)).body).toMatchObject({ result: 'offered' });
    const { stores } = server.running.installation;
    const [binding] = await stores.bindingHistory.ofUdid(device.udid);
    expect((await say(ada)).body).toMatchObject({ result: 'given_up' });
    return binding;
  },
};

describe('after a rotation the list of whoever signed the certificate is signed anew', () => {
  it.each(Object.keys(ACTS).filter((name) => !name.startsWith('two')))('by %s', async (name) => {
    const device = await bind();
    const said = await ACTS[name]?.(device);
    const { listed, number } = await signedLast(device);
    expect(listed, JSON.stringify(said)).toBe(true);
    if (!name.startsWith('the command')) return;
    const { out } = said as { out: string };
    expect(out).toContain(`CRL ${number} of northfield_2 is signed`);
    expect(out).not.toContain('of northfield is signed');
  });

  it('by two persons giving it up', async () => {
    const device = await bind();
    const { stores } = server.running.installation;
    const [binding] = await stores.bindingHistory.ofUdid(device.udid);
    const before = binding && (await stores.certificates.newest(binding.id));
    await ACTS['two persons giving it up']?.(device);
    const crl = await stores.crls.crl(SECOND);
    const { entries } = new x509.X509Crl(Uint8Array.from(crl?.der ?? []));
    expect(entries.map(({ serialNumber }) => serialNumber)).toContain(before?.serial);
  });

  it('by its author taking a registration back', async () => {
    const device = await server.listedDevice();
    const registration = registrationOf(device, OAK_STREET);
    await ines.submit('registration+jws', registration, 'northfield');
    const { id, udid } = registration;
    const { app, capturedAt } = registration;
    const taken = { id: uuid7(Date.now(), nodeCrypto), app, capturedAt, of: id, udid, reason: 'undone' };
    await ines.submit('void+jws', taken, 'northfield');
    expect(await signedLast(device)).toMatchObject({ listed: true });
  });

  it('and of the CA that was replaced, for a certificate of its own', async () => {
    const { code, out } = await server.fieldbind(
      'revoke',
      ...names(old),
      ...['--reason', 'keyCompromise', '--by', 'sam'],
    );
    const { listed, number } = await signedLast(old, FIRST);
    expect([code, listed]).toEqual([0, true]);
    expect(out).toContain(`CRL ${number} of northfield is signed`);
  });
});
