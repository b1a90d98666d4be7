// One table of all operations, with a call that fits each: so it is long.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API, type ApiName, type Operation } from '../../contract/api.ts';
import { ENTITLEMENTS, type Entitlement } from '../../contract/entitlements.ts';
import type { Membership, Role } from '../../contract/operator.ts';
import type { OwnSessions } from '../../contract/own-session.ts';
import type { RescueKey } from '../../contract/rescue.ts';
import { DESK } from '../../contract/roles.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { parseJws } from '../../core/jws.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { writeRescueFile } from '../../src/effects/rescue/rescue-file.ts';
import { accountCall, isAccountCall } from '../support/account-calls.ts';
import { sendCall, type Wanted } from '../support/send-call.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { clientToken, sendAsClient } from '../support/server-client.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';
import { wordsIn } from '../support/words.ts';

/**
 * Who may call what, cell by cell: each operation of the contract, by each kind of person, naming each kind of organisation. What
 * must come of each cell follows from the table of entitlements, and from what the call names; every object is northfield's.
 */

/** Hanna is of a home and of practice, the next five of westside; iris answers for the whole installation too. */
const PEOPLE = [
  'nobody',
  'hanna',
  'wilma',
  'walt',
  'wanda',
  'wolf',
  'iris',
  'ines',
  'otto',
  'sam',
  'ada',
  'nadia',
] as const;
type Person = (typeof PEOPLE)[number];
const ORGS = ['northfield', 'westside', 'training', 'nosuch'] as const;
type Org = (typeof ORGS)[number];

/** People whom the demo does not have, with their role. */
const ADDED: readonly (readonly [Person, Role, Org])[] = [
  ['wilma', 'installer', 'westside'],
  ['walt', 'support', 'westside'],
  ['wanda', 'administrator', 'westside'],
  ['wolf', 'owner', 'westside'],
  ['iris', 'installer', 'westside'],
  ['otto', 'owner', 'northfield'],
  ['nadia', 'administrator', 'northfield'],
];
const INSTALLATION: ReadonlySet<Person> = new Set(['iris']);

/** A letter for each person. `.`: done. `u`: 401. `f`: 403. `n`: 404. */
const STATUS: Readonly<Record<string, number>> = { '.': 200, u: 401, f: 403, n: 404 };

/** Operations about what is a person's own: whoever else names it finds nothing. */
const OF_ONE: Partial<Record<ApiName, (who: Person) => boolean>> = {
  endSession: (who) => who === 'ines',
  // Of a phone and of a record of northfield: its people, since phones are shared.
  reportLoss: (who) => roleIn(who, 'northfield') !== undefined,
  photoPart: (who) => roleIn(who, 'northfield') !== undefined,
};
/** Operations that name something of northfield in the query, and not in the path. */
const NAMES_OBJECT: ReadonlySet<ApiName> = new Set(['photosOfRecord']);
/** What only an organisation for practice takes. */
const FOR_PRACTICE: ReadonlySet<ApiName> = new Set(['importList']);

function roleIn(who: Person, org: string): Role | undefined {
  return memberships.get(who)?.find((one) => one.org === org)?.role;
}

/** What the table of entitlements says must come of a call. */
function expected(name: ApiName, who: Person, org: Org): string {
  const { to }: Entitlement = ENTITLEMENTS[name];
  if (to === 'anybody' || to === 'open') return '.';
  // A session is not what a machine client shows.
  if (to === 'client' || who === 'nobody') return 'u';
  if (to === 'self') return (OF_ONE[name] ?? (() => true))(who) ? '.' : 'n';
  if (to === 'installation') return INSTALLATION.has(who) ? '.' : 'f';
  const role = roleIn(who, org);
  if (role === undefined || !to.includes(role)) return 'f';
  if (FOR_PRACTICE.has(name)) return org === 'training' ? '.' : 'f';
  return org !== 'northfield' && (NAMES_OBJECT.has(name) || asks(name, 'params')) ? 'n' : '.';
}

/** What is done by whoever calls, so that each who may needs an object that nobody else had before. */
const USES_UP: ReadonlySet<ApiName> = new Set([
  'actOnDevice',
  'decideTransfer',
  'decideApproval',
  'endSession',
]);
/** What begins a session in place of the one that calls, or ends it, so that it is one that nobody else needs. */
const ENDS_SESSION: ReadonlySet<ApiName> = new Set(['signOut', 'passkeySignIn', 'takeInvitation']);

/** What northfield has, and others name. */
interface Objects {
  readonly device: TestDevice;
  readonly held: string;
  readonly transfer: string;
  /** A session of ines’. */
  readonly session: string;
}

const NONCE = 'nonce-of-this-request';
const WESTSIDE = 'mill-lane.westside.fieldbind.internal';
/** A person of northfield who does nothing. */
const TESS = 'tess';
const ELSEWHERE = 'elsewhere';
const PHOTO = Uint8Array.from([0xff, 0xd8, 0xff, 1, 2, 3]);

let server: TestServer;
let ahead = 0;
let people: ReadonlyMap<Person, TestOperator>;
let memberships: ReadonlyMap<Person, readonly Membership[]>;
let shared: Objects;
let pictured: string;
let digest: string;
let carried: string;
let leafPem: string;
/** Whatever tells of northfield's objects in an answer. */
let traces: string[];

beforeAll(async () => {
  // Calls are counted by the minute, and these are many.
  server = await startTestServer({ clock: { now: () => Date.now() + ahead } });
  const { stores } = server.running.installation;
  for (const words of [
    ['org', 'create', 'westside', '--title', 'Westside Energy'],
    ['domain', 'create', WESTSIDE, '--org', 'westside', '--title', 'Mill Lane'],
  ])
    expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
  for (const [operator, role, org] of ADDED) {
    await stores.people.savePerson({ operator, name: operator, about: '', demoRole: role, revokedAt: null });
    await stores.people.saveMembership(operator, org, role);
  }
  await stores.people.savePerson({ operator: TESS, name: TESS, about: '', demoRole: null, revokedAt: null });
  await stores.people.saveMembership(TESS, 'northfield', 'installer');
  for (const operator of INSTALLATION) await stores.installationAdministrators.set(operator, true);
  expect(
    await server.fieldbind('org', 'create', ELSEWHERE, '--title', 'Nobody is anything here'),
  ).toMatchObject({ code: 0 });
  const signedIn = new Map<Person, TestOperator>();
  for (const name of PEOPLE) if (name !== 'nobody') signedIn.set(name, await server.signIn(name));
  people = signedIn;
  memberships = new Map(
    await Promise.all(PEOPLE.map(async (who) => [who, await stores.people.memberships(who)] as const)),
  );
  shared = await objects();
  const ines = phoneOf('ines');
  const unclaimed = await server.listedDevice();
  const bound = await register(ines, unclaimed);
  leafPem = bound.certificate?.leafPem ?? '';
  digest = toBase64Url(await nodeCrypto.sha256(PHOTO));
  const registration = registrationOf(await makeDevice(), OAK_STREET, {
    place: { photos: [{ digest, bytes: PHOTO.length }] },
  });
  pictured = registration.id;
  await ines.submit('registration+jws', registration, 'northfield');
  await ines.post('/api/photos', photoPart());
  const { jws } = await ines.seal(
    'registration+jws',
    registrationOf(await makeDevice(), OAK_STREET),
    'northfield',
  );
  const { rescueKey } = (await ines.get('/api/rescue-key')).body as { rescueKey: string };
  const key = parseJws(rescueKey)?.payload as RescueKey;
  carried = (await writeRescueFile([jws], key.jwk)).split('\n')[1] ?? '';
  // Not the claimed device: westside's own claim names it.
  traces = [unclaimed.udid, shared.held, shared.transfer, pictured, digest, OAK_STREET, 'Northfield'];
});
afterAll(() => closeFaultless(server));

function phoneOf(name: Person): TestOperator {
  const phone = people.get(name);
  if (phone === undefined) throw new Error(`${name} is not signed in`);
  return phone;
}

const photoPart = () => ({ record: pictured, digest, offset: 0, data: toBase64Url(PHOTO) });

/** A bound device that westside claims, and a record that waits for a person. */
async function objects(): Promise<Objects> {
  const device = await server.listedDevice();
  await register(phoneOf('ines'), device);
  const claim = await register(phoneOf('wilma'), device, {}, WESTSIDE, 'westside');
  const loose = await server.listedDevice({ row: { anchor: 'udid-only' } });
  const held = await register(phoneOf('ines'), loose);
  expect([claim, held]).toMatchObject([{ code: 'transfer_case' }, { outcome: 'held' }]);
  const cases = await server.running.installation.stores.transfers.openCases();
  const transfer = cases.find(({ record }) => record === claim.record)?.id ?? '';
  const { body } = await (await server.signIn('ines')).get('/api/sessions');
  const { id: session = '' } = (body as OwnSessions).sessions.find(({ own }) => own) ?? {};
  return { device, held: held.record, transfer, session };
}

/** A call that fits, about northfield's objects. */
async function callOf(name: ApiName, org: Org, who: Person, of: Objects): Promise<Wanted> {
  const query = { org };
  const phone = people.get(who);
  if (isAccountCall(name)) {
    const northfields = { owner: 'northfield', colleague: 'otto', real: TESS, elsewhere: ELSEWHERE };
    return accountCall(name, { ...northfields, server, org, operator: who === 'nobody' ? undefined : who });
  }
  switch (name) {
    case 'signInOptions':
    case 'session':
    case 'sessions':
    case 'statementKeys':
    case 'rescueKey':
    case 'notices':
      return {};
    case 'signOut':
    case 'enrolChallenge':
      return { body: {} };
    case 'endSession':
      return { params: { id: of.session } };
    case 'endSessionsOf':
      return { query, params: { operator: TESS }, body: { because: 'lost her phone' } };
    case 'changeNotices':
      return { body: { wishes: [{ kind: 'alarm', mail: false, push: true }] } };
    case 'probe':
      return { query: { nonce: NONCE } };
    case 'signIn':
      return { body: { operator: 'sam' } };
    case 'enrol': {
      if (phone === undefined) return { body: { proof: 'a.b.c' } };
      const { nonce } = (await phone.post('/api/operator-keys/challenge', {})).body as { nonce: string };
      return { body: { proof: await phone.proof(nonce) } };
    }
    case 'listChanges':
    case 'fieldDevices':
      return { query: { ...query, after: '' } };
    case 'workPack':
    case 'phones':
    case 'devices':
    case 'transfers':
    case 'approvals':
      return { query };
    case 'records':
      return { body: phoneOf('ines').batch([]) };
    case 'chains':
      return { body: { nonce: NONCE, chains: [{ kid: phoneOf('ines').key.kid, seq: 1 }] } };
    case 'handBack':
      return { body: { statements: [], certificates: [leafPem], packs: [] } };
    case 'rescue':
      return { body: { part: carried } };
    case 'reportLoss': {
      const { key, epoch } = phoneOf('ines');
      const times = { lastSeenAt: '2026-01-01T00:00:00.000Z', foundAt: '2026-01-02T00:00:00.000Z' };
      return { body: { kid: key.kid, epoch, head: 0, unsent: [], ...times } };
    }
    case 'photoPart':
      return { body: photoPart() };
    case 'photosOfRecord':
      return { query: { ...query, record: pictured } };
    case 'photo':
      return { query, params: { digest } };
    case 'changes':
      return { query: { ...query, after: '', nonce: NONCE } };
    case 'importList':
      return { query, body: { rows: [rowOf(await makeDevice())] } };
    case 'actOnDevice': {
      const { maker, udid } = of.device;
      return {
        query,
        params: { maker, udid },
        body: { act: 'suspend', reason: 'maintenance', because: 'seen' },
      };
    }
    case 'clientAct': {
      const { maker, udid } = of.device;
      return { params: { maker, udid }, body: { act: 'suspend', reason: 'maintenance', because: 'seen' } };
    }
    case 'verify':
      return { body: { certificate: leafPem, domain: OAK_STREET } };
    case 'decideTransfer':
      return { query, params: { id: of.transfer }, body: { decision: 'refuse', because: 'ours' } };
    case 'decideApproval':
      return { query, params: { record: of.held }, body: { decision: 'refuse', reason: 'seen' } };
  }
}

const NAMES = Object.keys(API) as ApiName[];
const asks = (name: ApiName, part: 'query' | 'params', field?: string): boolean => {
  const operation: Operation = API[name];
  const schema = operation[part] as { properties?: object } | undefined;
  return schema !== undefined && (field === undefined || field in (schema.properties ?? {}));
};

describe('the table', () => {
  it('lets nobody name an organisation that is not there', () => {
    for (const name of NAMES.filter((one) => asks(one, 'query', 'org')))
      expect([name, PEOPLE.map((who) => expected(name, who, 'nosuch')).join('')]).toEqual([
        name,
        'ufffffffffff',
      ]);
  });

  it('finds nobody another organisation’s object by naming an own one', () => {
    const ofObjects = NAMES.filter((one) => asks(one, 'query', 'org') && asks(one, 'params'));
    expect(ofObjects.length).toBeGreaterThan(3);
    for (const name of ofObjects)
      for (const org of ['westside', 'training'] as const)
        expect([name, PEOPLE.map((who) => expected(name, who, org)).join('')]).toEqual([
          name,
          expect.stringMatching(/^[ufn]+$/),
        ]);
  });

  it('has somebody who may and somebody who may not, for each operation that is not everybody’s', () => {
    for (const name of NAMES) {
      const { to }: Entitlement = ENTITLEMENTS[name];
      const letters = ORGS.flatMap((org) => PEOPLE.map((who) => expected(name, who, org)));
      const isAll = to === 'anybody' || to === 'open';
      expect([name, letters.includes('.'), letters.some((letter) => letter !== '.')]).toEqual([
        name,
        to !== 'client',
        !isAll,
      ]);
    }
  });
});

describe.each(NAMES)('%s', (name) => {
  beforeAll(() => {
    if (NAMES.indexOf(name) % 8 === 0) ahead += 61_000;
  });

  it.each(ORGS)('is for whom it should be, where %s is named', async (org) => {
    let [letters, due] = ['', ''];
    for (const who of PEOPLE) {
      const must = expected(name, who, org);
      due += must;
      const may = must === '.';
      const of = may && USES_UP.has(name) ? await objects() : shared;
      const wanted = await callOf(name, org, who, of);
      const phone = ENDS_SESSION.has(name) && who !== 'nobody' ? await server.signIn(who) : people.get(who);
      const { status, body } = await sendCall(server.url, name, wanted, phone?.cookie);
      // Nobody stays a member of a second organisation, where they would be colleagues.
      await server.running.installation.stores.people.endMembership(who, ELSEWHERE);
      letters += Object.entries(STATUS).find(([, one]) => one === status)?.[0] ?? `<${status}>`;
      // Whoever asks for an organisation of their own sees nothing of another one.
      if (org !== 'northfield' && asks(name, 'query', 'org'))
        expect([who, wordsIn(body, traces)]).toEqual([who, []]);
    }
    expect(letters).toBe(due);
  });
});

describe('what was refused', () => {
  it('left northfield’s objects as they were', async () => {
    const sam = phoneOf('sam');
    const { udid } = shared.device;
    const { devices } = (await sam.get(`/api/devices?org=northfield&udid=${udid}`)).body as {
      devices: object[];
    };
    expect(devices).toMatchObject([{ udid, revokedAt: null }]);
    expect(devices[0]).not.toHaveProperty('suspended');
    const { body } = await phoneOf('ines').get('/api/sessions');
    expect((body as OwnSessions).sessions.map(({ id }) => id)).toContain(shared.session);
    const open = await server.running.installation.stores.transfers.openCases();
    expect(open.map(({ id }) => id)).toContain(shared.transfer);
    expect(await phoneOf('ines').outcome(shared.held, 'northfield')).toMatchObject({ outcome: 'held' });
  });
});

describe('a machine client', () => {
  it('finds its own organisation’s devices and no others, whatever cookie comes along', async () => {
    const token = await clientToken(server, ['suspend']);
    const theirs = await server.listedDevice({ org: 'westside' });
    await register(phoneOf('wilma'), theirs, {}, WESTSIDE, 'westside');
    const act = { act: 'suspend', reason: 'maintenance', because: 'seen' };
    expect((await sendAsClient(server, token, theirs, act)).status).toBe(404);
    const { device } = await objects();
    expect((await sendAsClient(server, token, device, act)).status).toBe(200);
    for (const wrong of ['', token.slice(0, -1), `${token}A`, token.toUpperCase()])
      expect((await sendAsClient(server, wrong, device, act)).status).toBe(401);
    const { status } = await phoneOf('nadia').post(`/api/client/devices/acme/${device.udid}`, act);
    expect(status).toBe(401);
  });
});

describe('a person', () => {
  it('without an organisation does not sign in', async () => {
    const { people: store } = server.running.installation.stores;
    await store.savePerson({
      operator: 'stray',
      name: 'Stray',
      about: '',
      demoRole: 'installer',
      revokedAt: null,
    });
    const reply = await sendCall(server.url, 'signIn', { body: { operator: 'stray' } });
    expect(reply.status).toBe(401);
  });

  it.each(DESK)('who is %s decides nothing about what is their own', async (role) => {
    const { people: store, transfers } = server.running.installation.stores;
    await store.saveMembership('ines', 'northfield', role);
    const { held, transfer } = await objects();
    // Wilma claims the device for westside, and is of northfield too.
    await store.saveMembership('wilma', 'northfield', role);
    const answers = [];
    for (const decision of ['approve', 'refuse'])
      answers.push(
        await phoneOf('ines').post(`/api/approvals/${held}?org=northfield`, { decision, reason: 'mine' }),
      );
    for (const decision of ['give_up', 'refuse'])
      answers.push(
        await phoneOf('wilma').post(`/api/transfers/${transfer}?org=northfield`, {
          decision,
          because: 'mine',
        }),
      );
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect((await transfers.openCases()).map(({ id }) => id)).toContain(transfer);
    await store.endMembership('wilma', 'northfield');
    await store.saveMembership('ines', 'northfield', 'installer');
    expect((await phoneOf('ines').get('/api/approvals?org=northfield')).status).toBe(403);
  });

  it.each<[string, (id: string) => string]>([
    ['a record', (id) => `/api/approvals/${id}?org=northfield`],
    ['a case', (id) => `/api/transfers/${id}?org=northfield`],
  ])('who names %s that is not there finds nothing', async (_, path) => {
    const decision = path('').includes('approvals')
      ? { decision: 'refuse', reason: 'seen' }
      : { decision: 'refuse', because: 'seen' };
    const id = uuid7(Date.now(), nodeCrypto);
    expect((await phoneOf('sam').post(path(id), decision)).status).toBe(404);
  });
});
