import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiName } from '../../contract/api.ts';
import { DeviceAct } from '../../contract/device-state.ts';
import { ENTITLEMENTS, type Entitlement } from '../../contract/entitlements.ts';
import { uuid7 } from '../../core/uuid7.ts';
import { nodeCrypto } from '../../server/x509/node-crypto.ts';
import { accountCall, isAccountCall } from '../support/account-calls.ts';
import { type RealPeople, setUpPeople } from '../support/real-people.ts';
import { sendCall, type Wanted } from '../support/send-call.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';

/** What asks for a sign-in of the last minutes, row by row of the table, by a real person: a demo person is asked for none. */
const MINUTE = 60_000;
const ORG = 'northfield';

let server: TestServer;
let people: RealPeople;
let ines: string;
let ahead = 0;

beforeAll(async () => {
  server = await startTestServer({ demo: false, clock: { now: () => Date.now() + ahead } });
  people = await setUpPeople(server);
  ines = (await people.join('Ines Okafor', 'installer')).operator;
});
afterAll(() => closeFaultless(server));

const id = () => uuid7(Date.now() + ahead, nodeCrypto);
const query = { org: ORG };
const because = 'seen';
/** Calls that fit, but for what is not there: a fresh sign-in is asked for before anything is looked up. */
const CALLS: Partial<Record<ApiName, () => Wanted>> = {
  endPhone: () => ({ query, params: { operator: ines, kid: 'A'.repeat(43) }, body: { because } }),
  endOwnPhone: () => ({ params: { kid: 'A'.repeat(43) }, body: { because } }),
  decideTransfer: () => ({ query, params: { id: id() }, body: { decision: 'refuse', because } }),
  decideApproval: () => ({ query, params: { record: id() }, body: { decision: 'refuse', reason: because } }),
};

async function callOf(name: ApiName): Promise<Wanted> {
  const own = CALLS[name];
  if (own !== undefined) return own();
  if (!isAccountCall(name)) throw new Error(`no call of ${name}`);
  const operator = people.desk.session.operator;
  const about = { server, org: ORG, owner: ORG, colleague: ines, real: ines, elsewhere: 'training' };
  return accountCall(name, { ...about, operator });
}

async function codeOf(name: ApiName, wanted: Wanted): Promise<string | undefined> {
  const cookie = [...people.administrator.cookies].map(([key, value]) => `${key}=${value}`).join('; ');
  const { body } = await sendCall(server.url, name, wanted, cookie);
  return (JSON.parse(String(body)) as { code?: string }).code;
}

async function signedInBefore(minutes: number): Promise<void> {
  await people.administrator.signIn();
  ahead += minutes * MINUTE;
}

const always = (Object.entries(ENTITLEMENTS) as [ApiName, Entitlement][]).filter(
  ([, { fresh }]) => fresh === 'always',
);

it.each(always.map(([name]) => name))('%s asks for it', async (name) => {
  await signedInBefore(11);
  expect(await codeOf(name, await callOf(name))).toBe('sign_in_again');
  await signedInBefore(9);
  expect(await codeOf(name, await callOf(name))).not.toBe('sign_in_again');
});

it('actOnDevice asks for it where it cannot be undone, and for no other act', async () => {
  await signedInBefore(11);
  const acts = DeviceAct.properties.act.enum;
  const asked: string[] = [];
  for (const act of acts) {
    const reason = act === 'revoke' ? { reason: 'stolen' } : act === 'suspend' ? { reason: 'lost' } : {};
    const call = {
      query,
      params: { maker: 'acme', udid: 'mac-02a000000001' },
      body: { act, because, ...reason },
    };
    if ((await codeOf('actOnDevice', call)) === 'sign_in_again') asked.push(act);
  }
  expect([acts.length > 3, asked]).toEqual([true, ['revoke']]);
});
