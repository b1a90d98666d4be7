import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API, type ApiName } from '../../contract/api.ts';
import { mayCall } from '../../contract/entitlements.ts';
import type { Role } from '../../contract/operator.ts';
import { foreignCommand } from '../../tools/foreign/install.ts';
import { accountCall, COMING_IN, OF_INSTALLATION } from '../support/account-calls.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { clientToken } from '../support/server-client.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { register } from '../support/server-register.ts';
import {
  type Description,
  type Example,
  examplesFor,
  labelsOf,
  PEOPLE,
  statusesIn,
  withExamples,
} from './examples.ts';

/** The same calls each time, so that what one run finds the next one finds too. */
const SEED = 20_26;
/** Generated calls of an operation, beside its example and those at the bounds of its schema. */
const EXAMPLES = 4;

/** Everything that schemathesis checks, except: */
const NOT_CHECKED = [
  // What fits the schema may still be refused: no schema can say of a signature, a cursor or a certificate that it holds.
  'positive_data_acceptance',
];

let folder: string;
let server: TestServer;
let description: Description;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-schemathesis-'));
  server = await startTestServer();
  description = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as Description;
});
afterAll(async () => {
  await closeFaultless(server);
  rmSync(folder, { recursive: true });
});

interface Wanted {
  readonly name: string;
  /** What is shown, in schemathesis' own words for its settings. */
  readonly settings: readonly string[];
  readonly examples: Readonly<Record<string, Example>>;
  /** Options that choose operations. */
  readonly choice: readonly string[];
  /** The server's own unless given. */
  readonly described?: Description;
  /** Address of the server; that of all unless given. */
  readonly url?: string;
}

/** Runs schemathesis. Gives its words and exit code, and how often each status came by operation. */
async function schemathesis({
  name,
  settings,
  examples,
  choice,
  described = description,
  url = server.url,
}: Wanted) {
  const place = join(folder, name);
  mkdirSync(place);
  writeFileSync(join(place, 'api.json'), JSON.stringify(withExamples(described, examples)));
  // What is too large, too often or contradicts is refused as well as what does not fit.
  const refused = '[checks.negative_data_rejection]\nexpected-statuses = ["4xx"]';
  writeFileSync(join(place, 'schemathesis.toml'), [...settings, refused].join('\n'));
  const started = spawn(
    foreignCommand('schemathesis', 'st'),
    [
      ...['run', 'api.json', '--url', url, '--seed', String(SEED), '--max-examples', String(EXAMPLES)],
      ...['--phases', 'examples,coverage,fuzzing', '--exclude-checks', NOT_CHECKED.join(',')],
      ...['--continue-on-failure', '--generation-database', 'none', '--no-color', '--workers', '1'],
      ...['--warnings', 'off', '--report-ndjson-path', 'events.ndjson', ...choice],
    ],
    { cwd: place, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, COLUMNS: '200' } },
  );
  let out = '';
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (data) => (out += String(data)));
  const code = await new Promise<number | null>((resolve) => started.on('close', resolve));
  const statuses = statusesIn(join(place, 'events.ndjson'), labelsOf(description));
  return { code, failures: failuresIn(out), out, statuses };
}

/** What it says between its headings for failures and for the summary. */
function failuresIn(out: string): string {
  return /=+ (?:FAILURES|ERRORS) =+[\s\S]*?(?==+ (?:WARNINGS|SUMMARY) =+)/.exec(out)?.[0] ?? '';
}

/** How schemathesis is signed in: by the session's cookie, from our own page. */
function settingsOf({ cookie }: TestOperator): string[] {
  const [, token] = cookie.split('=');
  return [`[auth.openapi.session]\napi_key = "${token}"`, `[headers]\nOrigin = "${server.url}"`];
}
const signedInAs = async (operator: string) => settingsOf(await server.signIn(operator));

const succeeded = (statuses: Map<string, Map<number, number>>) =>
  [...statuses].filter(([, counts]) => (counts.get(200) ?? 0) > 0).map(([name]) => name);
const sum = (counts: Iterable<number>) => [...counts].reduce((all, one) => all + one, 0);

/** Run apart, each with what it needs; the others are called by a person of every role. */
const APART: Readonly<Record<string, string>> = {
  signOut: 'ends the session that the other calls need',
  clientAct: 'is for machine clients, which are no persons',
  ...Object.fromEntries(COMING_IN.map((name) => [name, 'is locked after too many attempts that failed'])),
  ...Object.fromEntries(OF_INSTALLATION.map((name) => [name, 'is for installation administrators'])),
};
const callsOf = (role: Role) =>
  (Object.keys(API) as ApiName[]).filter((name) => !(name in APART) && mayCall(role, name));

describe(`schemathesis (seed ${SEED}) over the API’s own description`, () => {
  it.each(PEOPLE.map((person) => [person.role, person] as const))('as %s', async (role, person) => {
    const { operator, org } = person;
    for (const [name, place, as] of [
      [operator, org, role],
      [operator, 'training', 'installer'],
    ] as const)
      expect((await server.fieldbind('operator', 'join', name, '--org', place, '--role', as)).code).toBe(0);
    const signedIn = await server.signIn(operator);
    const { code, failures, out, statuses } = await schemathesis({
      name: role,
      settings: settingsOf(signedIn),
      examples: await examplesFor(person, signedIn, server),
      choice: Object.keys(APART).flatMap((name) => ['--exclude-operation-id', name]),
    });
    expect(failures).toBe('');
    expect([code, code === 0 ? '' : out]).toEqual([0, '']);
    // Whoever may call an operation has really done so, and nobody else has.
    expect(succeeded(statuses).sort()).toEqual(callsOf(role).sort());
    const calls = sum([...statuses.values()].flatMap((counts) => [...counts.values()]));
    const good = sum([...statuses.values()].map((counts) => counts.get(200) ?? 0));
    console.log(`${role}: ${calls} calls of ${statuses.size} operations, ${good} of them answered with 200`);
  });

  it('as a machine client', async () => {
    const token = await clientToken(server, ['transfer']);
    const device = await server.listedDevice();
    const ines = await server.signIn('ines');
    await register(ines, device);
    const { maker, udid } = device;
    const { code, failures, statuses } = await schemathesis({
      name: 'client',
      settings: [`[auth.openapi.client]\nbearer = "${token}"`],
      examples: { clientAct: { params: { maker, udid }, body: { act: 'give_up', because: 'sold' } } },
      choice: ['--include-operation-id', 'clientAct' satisfies ApiName],
    });
    expect(failures).toBe('');
    expect([code, succeeded(statuses)]).toEqual([0, ['clientAct']]);
  });

  it('signs out, with a session of its own', async () => {
    const { code, failures, statuses } = await schemathesis({
      name: 'sign-out',
      settings: await signedInAs('ines'),
      examples: {},
      choice: ['--include-operation-id', 'signOut' satisfies ApiName],
    });
    expect(failures).toBe('');
    expect([code, succeeded(statuses)]).toEqual([0, ['signOut']]);
  });

  it.each(COMING_IN)('comes in: %s', async (name) => {
    const own = await startTestServer();
    try {
      const { cookie } = await own.signIn('ines');
      const about = { server: own, org: 'northfield', owner: 'northfield', colleague: 'sam', real: 'sam' };
      const call = await accountCall(name, { ...about, operator: 'ines', elsewhere: 'hanna-home' });
      const cookies = [cookie, call.cookie].filter((one) => one !== undefined).join('; ');
      const { code, failures, statuses } = await schemathesis({
        name,
        url: own.url,
        settings: [`[headers]\nOrigin = "${own.url}"\nCookie = "${cookies}"`],
        examples: { [name]: call },
        choice: ['--include-operation-id', name],
      });
      expect(failures).toBe('');
      expect([code, succeeded(statuses)]).toEqual([0, [name]]);
    } finally {
      await closeFaultless(own);
    }
  });

  it('as an installation administrator', async () => {
    const { people, installationAdministrators } = server.running.installation.stores;
    await people.savePerson({ operator: 'nils', name: 'Nils', about: '', demoRole: null, revokedAt: null });
    await people.saveMembership('nils', 'northfield', 'support');
    await installationAdministrators.set('ines', true);
    const about = { server, org: 'northfield', owner: 'northfield', colleague: 'sam', real: 'nils' };
    const examples: Record<string, Example> = {};
    for (const name of OF_INSTALLATION)
      examples[name] = await accountCall(name, { ...about, operator: 'ines', elsewhere: 'hanna-home' });
    const { code, failures, statuses } = await schemathesis({
      name: 'installation',
      settings: await signedInAs('ines'),
      examples,
      choice: OF_INSTALLATION.flatMap((name) => ['--include-operation-id', name]),
    });
    expect(failures).toBe('');
    expect([code, succeeded(statuses).sort()]).toEqual([0, [...OF_INSTALLATION].sort()]);
    await installationAdministrators.set('ines', false);
  });

  it('finds an answer that is not as described, and counts no call that was refused', async () => {
    const described = structuredClone(description) as Description & Planted;
    described.paths['/api/session'].get.responses[200].content['application/json'].schema.required.push(
      'age',
    );
    const choice = ['--include-operation-id', 'session' satisfies ApiName];
    const planted = { name: 'planted', settings: await signedInAs('ines'), examples: {}, choice, described };
    const { code, failures } = await schemathesis(planted);
    expect([code, failures]).toEqual([1, expect.stringContaining('"age" is a required property')]);
    const settings = ['[auth.openapi.session]\napi_key = "nobody"'];
    const nobody = await schemathesis({ name: 'nobody', settings, examples: {}, choice });
    expect(succeeded(nobody.statuses)).toEqual([]);
  });
});

/** Where an answer is described, as far as one test changes it. */
interface Planted {
  readonly paths: {
    readonly '/api/session': {
      readonly get: {
        readonly responses: {
          readonly 200: { content: { 'application/json': { schema: { required: string[] } } } };
        };
      };
    };
  };
}
