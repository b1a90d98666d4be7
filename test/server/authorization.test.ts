// One table of all operations, with a call that fits each: so it is long.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API, type ApiName, type Operation } from '../../contract/api.ts';
import type { Role } from '../../contract/operator.ts';
import type { OwnSessions } from '../../contract/own-session.ts';
import type { RescueKey } from '../../contract/rescue.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { parseJws } from '../../core/jws.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { writeRescueFile } from '../../src/effects/rescue/rescue-file.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { clientToken, sendAsClient } from '../support/server-client.ts';
import { makeDevice, registrationOf, rowOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { Reply, TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';
import { wordsIn } from '../support/words.ts';

/**
 * Who may call what: each operation of the contract, by each kind of person, naming each kind of organisation. Every object
 * named is northfield's. The table is written by hand, so that a change of the contract's own access has to be made twice.
 */

/** In this order the people stand in the table below. Hanna is of a home and of practice, the next four of westside. */
const PEOPLE = [
  'nobody',
  'hanna',
  'wilma',
  'walt',
  'wanda',
  'wolf',
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
  ['otto', 'owner', 'northfield'],
  ['nadia', 'administrator', 'northfield'],
];

/** A letter for each person. `.`: done. `u`: 401. `f`: 403. `n`: 404. */
const STATUS: Readonly<Record<string, number>> = { '.': 200, u: 401, f: 403, n: 404 };
/** What is asked of nobody's organisation. */
const ANYBODY = row('...........');
const SIGNED_IN = row('u..........');
/** An object that is named alone, so that its own organisation decides. */
const NORTHFIELD = row('unnnnn.....');
const NO_SESSION_COUNTS = row('uuuuuuuuuuu');
const NONE = 'uffffffffff';
/** What any member may see, what a desk may, and what whoever speaks for devices may; for objects with one of another organisation. */
const MEMBERS = row('ufffff.....', 'uf....fffff', 'u.ffff.f.ff', NONE);
const MEMBERS_OBJECT = row('ufffff.....', 'ufnnnnfffff', 'unffffnfnff', NONE);
const DESK = row('ufffffff...', 'uff..ffffff', 'ufffffff.ff', NONE);
const DESK_OBJECT = row('ufffffff...', 'uffnnffffff', 'ufffffffnff', NONE);
const CUSTODIANS = row('uffffff....', 'uff...fffff', 'ufffffff.ff', NONE);
const CUSTODIANS_OBJECT = row('uffffff....', 'uffnnnfffff', 'ufffffffnff', NONE);

const MATRIX: Readonly<Record<ApiName, Readonly<Record<Org, string>>>> = {
  probe: ANYBODY,
  signInOptions: ANYBODY,
  signIn: ANYBODY,
  signOut: SIGNED_IN,
  session: SIGNED_IN,
  sessions: SIGNED_IN,
  endSession: row('unnnnn.nnnn'),
  endSessionsOf: row('ufffffffff.', 'ufffnffffff', NONE, NONE),
  enrolChallenge: SIGNED_IN,
  enrol: SIGNED_IN,
  statementKeys: ANYBODY,
  workPack: MEMBERS,
  listChanges: MEMBERS,
  fieldDevices: MEMBERS,
  records: SIGNED_IN,
  chains: SIGNED_IN,
  handBack: SIGNED_IN,
  rescueKey: ANYBODY,
  rescue: SIGNED_IN,
  reportLoss: NORTHFIELD,
  phones: DESK,
  photoPart: NORTHFIELD,
  photosOfRecord: MEMBERS_OBJECT,
  photo: MEMBERS_OBJECT,
  changes: MEMBERS,
  importList: row('uffffffffff', 'uffffffffff', 'u.ffff.f.ff', NONE),
  devices: MEMBERS,
  actOnDevice: CUSTODIANS_OBJECT,
  clientAct: NO_SESSION_COUNTS,
  verify: ANYBODY,
  transfers: CUSTODIANS,
  decideTransfer: CUSTODIANS_OBJECT,
  approvals: DESK,
  decideApproval: DESK_OBJECT,
};

/** What is done by whoever calls, so that each who may needs an object that nobody else had before. */
const USES_UP: ReadonlySet<ApiName> = new Set([
  'actOnDevice',
  'decideTransfer',
  'decideApproval',
  'endSession',
]);

function row(northfield: string, westside = northfield, training = northfield, nosuch = northfield) {
  return { northfield, westside, training, nosuch };
}

/** What northfield has, and others name. */
interface Objects {
  readonly device: TestDevice;
  readonly held: string;
  readonly transfer: string;
  /** A session of ines’. */
  readonly session: string;
}

interface Wanted {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
}

const NONCE = 'nonce-of-this-request';
const WESTSIDE = 'mill-lane.westside.fieldbind.internal';
/** A person of northfield who does nothing. */
const TESS = 'tess';
const PHOTO = Uint8Array.from([0xff, 0xd8, 0xff, 1, 2, 3]);

let server: TestServer;
let people: ReadonlyMap<Person, TestOperator>;
let shared: Objects;
let pictured: string;
let digest: string;
let carried: string;
let leafPem: string;
/** Whatever tells of northfield's objects in an answer. */
let traces: string[];

beforeAll(async () => {
  server = await startTestServer();
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
  const signedIn = new Map<Person, TestOperator>();
  for (const name of PEOPLE) if (name !== 'nobody') signedIn.set(name, await server.signIn(name));
  people = signedIn;
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
  switch (name) {
    case 'signInOptions':
    case 'session':
    case 'sessions':
    case 'statementKeys':
    case 'rescueKey':
      return {};
    case 'signOut':
    case 'enrolChallenge':
      return { body: {} };
    case 'endSession':
      return { params: { id: of.session } };
    case 'endSessionsOf':
      return { query, params: { operator: TESS }, body: { because: 'lost her phone' } };
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

async function send(name: ApiName, { params = {}, query, body }: Wanted, cookie: string): Promise<Reply> {
  const { method, path }: Operation = API[name];
  const at = path.replace(/:(\w+)/g, (_, part: string) => params[part] ?? '');
  const asked = query === undefined ? '' : `?${new URLSearchParams(query)}`;
  const response = await fetch(server.url + at + asked, {
    method,
    headers: {
      origin: server.url,
      cookie,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

const NAMES = Object.keys(API) as ApiName[];
const asks = (name: ApiName, part: 'query' | 'params', field?: string): boolean => {
  const operation: Operation = API[name];
  const schema = operation[part] as { properties?: object } | undefined;
  return schema !== undefined && (field === undefined || field in (schema.properties ?? {}));
};

describe('the table', () => {
  it('has a row for each operation of the contract, and no other', () => {
    expect(Object.keys(MATRIX).sort()).toEqual([...NAMES].sort());
    for (const [name, orgs] of Object.entries(MATRIX))
      for (const letters of Object.values(orgs))
        expect([name, letters]).toEqual([name, expect.stringMatching(/^[.ufn]{11}$/)]);
  });

  it('lets nobody name an organisation that is not there', () => {
    for (const name of NAMES.filter((one) => asks(one, 'query', 'org')))
      expect([name, MATRIX[name].nosuch]).toEqual([name, NONE]);
  });

  it('finds nobody another organisation’s object by naming an own one', () => {
    const ofObjects = NAMES.filter((one) => asks(one, 'query', 'org') && asks(one, 'params'));
    expect(ofObjects.length).toBeGreaterThan(3);
    for (const name of ofObjects) {
      expect([name, MATRIX[name].westside]).toEqual([name, expect.stringMatching(/^[ufn]+$/)]);
      expect([name, MATRIX[name].training]).toEqual([name, expect.stringMatching(/^[ufn]+$/)]);
    }
  });
});

describe.each(NAMES)('%s', (name) => {
  it.each(ORGS)('is for whom it should be, where %s is named', async (org) => {
    let letters = '';
    for (const [index, who] of PEOPLE.entries()) {
      const may = MATRIX[name][org][index] === '.';
      const of = may && USES_UP.has(name) ? await objects() : shared;
      const wanted = await callOf(name, org, who, of);
      // Signing out ends a session, so it is one that nobody else needs.
      const phone = name === 'signOut' && who !== 'nobody' ? await server.signIn(who) : people.get(who);
      const { status, body } = await send(name, wanted, phone?.cookie ?? '');
      letters += Object.entries(STATUS).find(([, one]) => one === status)?.[0] ?? `<${status}>`;
      // Whoever asks for an organisation of their own sees nothing of another one.
      if (org !== 'northfield' && asks(name, 'query', 'org'))
        expect([who, wordsIn(body, traces)]).toEqual([who, []]);
    }
    expect(letters).toBe(MATRIX[name][org]);
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
    const reply = await send('signIn', { body: { operator: 'stray' } }, '');
    expect(reply.status).toBe(401);
  });

  it('who has the right decides nothing about what is their own', async () => {
    const { people: store } = server.running.installation.stores;
    await store.saveMembership('ines', 'northfield', 'support');
    const { held } = await objects();
    for (const decision of ['approve', 'refuse']) {
      const { status } = await phoneOf('ines').post(`/api/approvals/${held}?org=northfield`, {
        decision,
        reason: 'mine',
      });
      expect(status).toBe(403);
    }
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
