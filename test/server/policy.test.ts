import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../contract/change.ts';
import { parseSubject } from '../../server/authority/ra/binding/subject-template.ts';
import { setPolicy } from '../../server/organisations/set-policy.ts';
import type { Policy } from '../../server/ports/policies.ts';
import {
  HARBOUR,
  type ListedDevice,
  OAK_STREET,
  startTestServer,
  type TestServer,
} from '../support/server.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { trailOf } from '../support/trail.ts';

const DAY = 24 * 3_600_000;

let server: TestServer;
let ines: TestOperator;
let sam: TestOperator;
beforeAll(async () => {
  server = await startTestServer();
  ines = await server.signIn('ines');
  sam = await server.signIn('sam');
});
afterAll(() => closeFaultless(server));
afterEach(async () => {
  const { policies } = server.running.installation.stores;
  for (const { org, domain } of await policies.ofOrg('northfield')) await policies.remove(org, domain);
});

const set = (policy: Policy, domain: string | null = null) =>
  setPolicy({ org: 'northfield', domain, policy }, 'sam', server.running.installation);

async function register(wanted: ListedDevice = {}, domain = OAK_STREET): Promise<Change> {
  const device = await server.listedDevice(wanted);
  return ines.submit('registration+jws', registrationOf(device, domain), 'northfield');
}

const approve = (record: string) =>
  sam.post(`/api/approvals/${record}?org=northfield`, { decision: 'approve', reason: 'seen' });

describe('a policy', () => {
  it('names the models and key types that may be bound, by the list and by the key itself', async () => {
    expect(await set({ models: ['M1', 'M2'], keyTypes: ['P-256'] })).toBe('set');
    expect(await register({ row: { model: 'M2' } })).toMatchObject({ outcome: 'bound' });
    expect(await register({ row: { model: 'M3' } })).toMatchObject({
      outcome: 'refused',
      code: 'model_not_allowed',
    });
    expect(await register()).toMatchObject({ code: 'model_not_allowed' });
    const other = await register({ algorithm: 'P-384', row: { model: 'M1' } });
    expect(other).toMatchObject({ outcome: 'refused', code: 'key_type_not_allowed' });
  });

  it('holds what could be a copy until a person approves, in one domain only', async () => {
    expect(await set({ possession: 'hold' }, OAK_STREET)).toBe('set');
    const held = await register();
    expect(held).toMatchObject({ outcome: 'held', code: 'possession_needed' });
    expect(await register({}, HARBOUR)).toMatchObject({ outcome: 'bound' });
    expect((await approve(held.record)).body).toMatchObject({ outcome: 'bound' });
  });

  it('has a person look at everything, and lets a domain be easier', async () => {
    await set({ approval: 'always' });
    await set({ approval: 'never' }, HARBOUR);
    const held = await register();
    expect(held).toMatchObject({ outcome: 'held', code: 'approval_needed' });
    expect((await approve(held.record)).body).toMatchObject({ outcome: 'bound' });
    expect(await register({}, HARBOUR)).toMatchObject({ outcome: 'bound' });
  });

  it('sets how long a certificate lives and what its subject says; names for machines stay', async () => {
    await set({ validityDays: 10, subject: 'CN=<udid>,OU=<org>,O=Northfield Ltd' });
    const { certificate, udid } = await register();
    const leaf = new x509.X509Certificate(certificate?.leafPem ?? '');
    expect(leaf.subject).toBe(`CN=${udid}, OU=northfield, O=Northfield Ltd`.split(', ').reverse().join(', '));
    expect(leaf.notAfter.getTime() - Date.now()).toBeLessThan(10 * DAY);
    expect(leaf.notAfter.getTime() - Date.now()).toBeGreaterThan(9 * DAY);
    const names = leaf.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON();
    expect(names).toContainEqual({ type: 'url', value: `spiffe://${OAK_STREET}/device/${udid}` });
  });

  it('bounds how many devices are bound, among those that come together too', async () => {
    const { liveBindings } = server.running.installation.stores;
    const { length: live } = await liveBindings.inDomain('northfield', OAK_STREET, 1000);
    await set({ quota: live + 3 }, OAK_STREET);
    const devices = await Promise.all(Array.from({ length: 8 }, () => makeDevice()));
    await server.importList(
      'northfield',
      devices.map((device) => rowOf(device)),
    );
    const records = [];
    for (const device of devices)
      records.push(await ines.seal('registration+jws', registrationOf(device, OAK_STREET), 'northfield'));
    await ines.send(records.map(({ jws }) => jws));
    const udids = devices.map(({ udid }) => udid);
    const changes = (await ines.changes('northfield')).filter(({ udid }) => udids.includes(udid ?? ''));
    expect(changes.map(({ outcome, code }) => code ?? outcome).sort()).toEqual([
      ...Array.from({ length: 3 }, () => 'bound'),
      ...Array.from({ length: 5 }, () => 'quota_reached'),
    ]);
    expect(await register({}, HARBOUR)).toMatchObject({ outcome: 'bound' });
  });
});

describe('setting one', () => {
  it('is refused where it makes no sense', async () => {
    expect(await set({ subject: 'CN=<domain>' })).toBe('subject_not_allowed');
    expect(await set({ validityDays: 0 })).toBe('validity_not_allowed');
    expect(await set({ quota: 0.5 })).toBe('quota_not_allowed');
    expect(await set({}, 'hanna.fieldbind.internal')).toBe('domain_unknown');
  });

  it('is done from the command line, and is on the trail', async () => {
    const at = ['--org', 'northfield', '--by', 'sam'];
    const options = ['--quota', '5', '--static', 'hold', '--key-types', 'P-256,RSA'];
    expect(await server.fieldbind('policy', 'set', ...at, ...options)).toMatchObject({ code: 0 });
    const { stores } = server.running.installation;
    const { policies } = stores;
    const policy = { keyTypes: ['P-256', 'RSA'], possession: 'hold', quota: 5 };
    expect(await policies.ofOrg('northfield')).toEqual([{ org: 'northfield', domain: null, policy }]);
    const trail = (await trailOf(stores)).filter(({ event }) => event === 'policy set');
    expect(trail.at(-1)).toMatchObject({ actor: 'command line (sam)', detail: JSON.stringify(policy) });
    expect(await server.fieldbind('policy', 'set', ...at, '--static', 'maybe')).toMatchObject({ code: 2 });
    expect(await server.fieldbind('policy', 'clear', ...at)).toMatchObject({ code: 0 });
    expect(await policies.ofOrg('northfield')).toEqual([]);
  });

  it.each([
    ['CN=<udid>', true],
    ['CN=<udid>,O=<domain>', true],
    ['CN=<udid>, OU=Field 3, O=<org>', true],
    ['O=<domain>', false],
    ['CN=<udid>,CN=<udid>', false],
    ['CN=x', false],
    ['CN=<udid>x', false],
    ['CN=<udid>,OU=<udid>', false],
    ['CN=<udid>,C=DE', false],
    ['CN=<udid>,O=a+b', false],
    [`CN=<udid>,O=${'a'.repeat(65)}`, false],
    ['', false],
  ])('takes the subject %j: %s', (template, good) => {
    expect(parseSubject(template) !== undefined).toBe(good);
  });
});
