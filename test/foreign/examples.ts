import { readFileSync } from 'node:fs';
import type { ApiName } from '../../contract/api.ts';
import type { Role } from '../../contract/operator.ts';
import type { OwnSessions } from '../../contract/own-session.ts';
import type { RescueKey } from '../../contract/rescue.ts';
import { toBase64Url } from '../../core/bytes.ts';
import { parseJws } from '../../core/jws.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { writeRescueFile } from '../../src/effects/rescue/rescue-file.ts';
import { type AccountCall, accountCall, OF_ROLES } from '../support/account-calls.ts';
import { HANNA, OAK_STREET, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';

/** A call that fits, of the state that the server is in: nothing generated could name what is really there. */
export interface Example {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A person with a role in an organisation that has a domain. */
export interface Person {
  readonly role: Role;
  readonly operator: string;
  readonly org: string;
  readonly domain: string;
  /** Who registers devices there, and is not this person: nobody decides about what is their own. */
  readonly installer: string;
  /** Who has another organisation, and claims devices of this one. */
  readonly claimant: { readonly operator: string; readonly org: string; readonly domain: string };
}

const INES = { operator: 'ines', org: 'northfield', domain: OAK_STREET };
const HERS = { operator: 'hanna', org: 'hanna-home', domain: HANNA };
const at = (role: Role, operator: string): Person => ({
  ...{ role, operator, org: INES.org, domain: INES.domain },
  ...{ installer: INES.operator, claimant: HERS },
});
export const PEOPLE: readonly Person[] = [
  at('installer', 'ines'),
  { role: 'owner', ...HERS, installer: HERS.operator, claimant: INES },
  at('support', 'sam'),
  at('approver', 'ada'),
  // Nobody of the demo is one: ada is given the role in place of hers, by command.
  at('administrator', 'ada'),
];

/** One call of each operation, for this person to make; of accounts, those that are for people of a role. */
export async function examplesFor(
  person: Person,
  signedIn: TestOperator,
  server: TestServer,
): Promise<
  Record<Exclude<ApiName, 'signOut' | 'clientAct' | AccountCall>, Example> &
    Partial<Record<AccountCall, Example>>
> {
  const { org, domain } = person;
  const installer = await server.signIn(person.installer);
  const claimant = await server.signIn(person.claimant.operator);
  const query = { org };
  const nonce = 'nonce-of-this-request';

  const device = await server.listedDevice({ org });
  const bound = await register(installer, device, {}, domain, org);
  const held = await register(installer, await makeDevice(), { asFound: true }, domain, org);
  const wanted = await server.listedDevice({ org });
  await register(installer, wanted, {}, domain, org);
  const claim = await register(claimant, wanted, {}, person.claimant.domain, person.claimant.org);
  const cases = await server.running.installation.stores.transfers.openCases();

  const photo = Uint8Array.from([0xff, 0xd8, 0xff, ...Buffer.from(person.role)]);
  const digest = toBase64Url(await nodeCrypto.sha256(photo));
  const place = { photos: [{ digest, bytes: photo.length }] };
  const pictured = registrationOf(await makeDevice(), domain, { place });
  await signedIn.submit('registration+jws', pictured, org);
  const seal = async () =>
    (await signedIn.seal('registration+jws', registrationOf(await makeDevice(), domain), org)).jws;
  const { rescueKey } = (await signedIn.get('/api/rescue-key')).body as { rescueKey: string };
  const { jwk } = (parseJws(rescueKey)?.payload ?? {}) as RescueKey;
  const [, part] = (await writeRescueFile([await seal()], jwk)).split('\n');
  const { people } = server.running.installation.stores;
  await people.savePerson({ operator: 'tess', name: 'Tess', about: '', demoRole: null, revokedAt: null });
  await people.saveMembership('tess', org, 'installer');
  const other = await server.signIn(person.operator);
  const { sessions } = (await other.get('/api/sessions')).body as OwnSessions;
  const session = sessions.find(({ own }) => own)?.id ?? '';
  const challenge = (await signedIn.post('/api/operator-keys/challenge', {})).body as { nonce: string };

  await people.savePerson({ operator: 'nils', name: 'Nils', about: '', demoRole: null, revokedAt: null });
  await people.saveMembership('nils', org, 'support');
  const about = {
    server,
    org,
    owner: org,
    colleague: person.installer,
    real: 'nils',
    elsewhere: 'elsewhere',
  };
  const ofAccounts: Partial<Record<AccountCall, Example>> = {};
  for (const name of OF_ROLES)
    ofAccounts[name] = await accountCall(name, { ...about, operator: person.operator });

  return {
    ...ofAccounts,
    probe: { query: { nonce } },
    signInOptions: {},
    signIn: { body: { operator: person.operator } },
    session: {},
    sessions: {},
    endSession: { params: { id: session } },
    endSessionsOf: { params: { operator: 'tess' }, query, body: { because: 'lost her phone' } },
    notices: {},
    changeNotices: { body: { wishes: [{ kind: 'phone_lost', mail: true, push: true }] } },
    enrolChallenge: {},
    enrol: { body: { proof: await signedIn.proof(challenge.nonce) } },
    statementKeys: {},
    workPack: { query },
    fieldDevices: { query: { ...query, after: '' } },
    listChanges: { query: { ...query, after: '' } },
    records: { body: signedIn.batch([await seal()]) },
    chains: { body: { nonce, chains: [{ kid: signedIn.key.kid, seq: 3 }] } },
    handBack: { body: { statements: [], certificates: [bound.certificate?.leafPem ?? ''], packs: [] } },
    rescueKey: {},
    rescue: { body: { part } },
    reportLoss: {
      body: {
        ...{ kid: signedIn.key.kid, epoch: signedIn.epoch, head: 0, unsent: [] },
        ...{ lastSeenAt: '2026-01-01T00:00:00.000Z', foundAt: '2026-01-02T00:00:00.000Z' },
      },
    },
    phones: { query },
    photoPart: { body: { record: pictured.id, digest, offset: 0, data: toBase64Url(photo) } },
    photosOfRecord: { query: { ...query, record: pictured.id } },
    photo: { params: { digest }, query },
    changes: { query: { ...query, after: '', nonce } },
    importList: { query: { org: 'training' }, body: { rows: [rowOf(await makeDevice())] } },
    devices: { query },
    actOnDevice: {
      params: { maker: device.maker, udid: device.udid },
      query,
      body: { act: 'suspend', reason: 'maintenance', because: 'on the bench' },
    },
    verify: { body: { certificate: bound.certificate?.leafPem, domain } },
    transfers: { query },
    decideTransfer: {
      params: { id: cases.find(({ record }) => record === claim.record)?.id ?? 'none' },
      query,
      body: { decision: 'refuse', because: 'it is ours' },
    },
    approvals: { query },
    decideApproval: {
      params: { record: held.record },
      query,
      body: { decision: 'refuse', reason: 'not known here' },
    },
  };
}

interface Described {
  readonly operationId: string;
  readonly parameters?: { name: string; in: string; example?: unknown }[];
  readonly requestBody?: { content: Record<string, { example?: unknown }> };
}
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

/** The server's own description with these examples in it, which change none of its rules. */
export function withExamples(
  description: Description,
  examples: Readonly<Record<string, Example>>,
): Description {
  const made = structuredClone(description);
  for (const operation of Object.values(made.paths).flatMap((methods) => Object.values(methods))) {
    const example = examples[operation.operationId];
    if (example === undefined) continue;
    for (const parameter of operation.parameters ?? []) {
      const value = (parameter.in === 'path' ? example.params : example.query)?.[parameter.name];
      if (value !== undefined) parameter.example = value;
    }
    for (const content of Object.values(operation.requestBody?.content ?? {})) content.example = example.body;
  }
  return made;
}

/** The path of each operation as schemathesis calls it, by its name. */
export function labelsOf({ paths }: Description): Map<string, string> {
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [
        `${method.toUpperCase()} ${path}`,
        operationId,
      ]),
    ),
  );
}

/** What a run of schemathesis did, by operation: how often each status came. */
export function statusesIn(events: string, labels: Map<string, string>): Map<string, Map<number, number>> {
  const found = new Map<string, Map<number, number>>();
  for (const line of readFileSync(events, 'utf8').split('\n')) {
    const recorder = line === '' ? undefined : (JSON.parse(line) as Event).ScenarioFinished?.recorder;
    const name = labels.get(recorder?.label ?? '');
    if (recorder === undefined || name === undefined) continue;
    const counts = found.get(name) ?? new Map<number, number>();
    for (const { response } of Object.values(recorder.interactions ?? {}))
      if (response) counts.set(response.status_code, (counts.get(response.status_code) ?? 0) + 1);
    found.set(name, counts);
  }
  return found;
}

interface Event {
  readonly ScenarioFinished?: {
    readonly recorder: {
      readonly label: string;
      readonly interactions?: Record<string, { readonly response: { readonly status_code: number } | null }>;
    };
  };
}
