import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstalledOrgs, InvitationLink } from '../../contract/account.ts';
import { BrowserOf, codeIn } from '../support/browser-of.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { trailOf } from '../support/trail.ts';

let server: TestServer;
let ahead = 0;
const WEEK = 7 * 24 * 3_600_000;
let anna: BrowserOf;

beforeAll(async () => {
  server = await startTestServer({ demo: false, clock: { now: () => Date.now() + ahead } });
  anna = new BrowserOf(server.url);
  const org = { name: 'westside', title: 'Westside Energy' };
  await anna.join(server.running.setUpLink ?? '', { name: 'Anna Berg', org });
});
afterAll(() => closeFaultless(server));

interface Joined {
  readonly browser: BrowserOf;
  readonly operator: string;
}

async function join(link: string): Promise<Joined> {
  const browser = new BrowserOf(server.url);
  const { status, body } = await browser.join(link);
  expect(status).toBe(200);
  return { browser, operator: (body as { operator: string }).operator };
}

async function made(path: string, body: object, by = anna): Promise<InvitationLink> {
  const answer = await by.post(path, body);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body as InvitationLink;
}

const invited = async (org: string, name: string, role: string, by = anna) =>
  join((await made(`/api/invitations?org=${org}`, { name, role }, by)).link);
const orgsSeen = async () => (await anna.get('/api/installation/organisations')).body as InstalledOrgs;
const recovery = (operator: string) => `/api/installation/people/${operator}/recovery`;
const BECAUSE = { because: 'dropped into the harbour' };

describe('at the server', () => {
  it('the last administrator who lost all passkeys comes in anew, on the trail', async () => {
    const { operator = '' } = (await anna.who()) ?? {};
    const words = ['operator', 'recover', operator, '--by', operator, '--because', 'phone and key lost'];
    const { code, out } = await server.fieldbind(...words);
    const link = /https?:\S+/.exec(out)?.[0] ?? '';
    expect(code).toBe(0);
    const found = await join(link);
    expect(found.operator).toBe(operator);
    expect(await anna.who()).toBeUndefined();
    expect(await found.browser.who()).toMatchObject({ installation: true });
    const trail = await trailOf(server.running.installation.stores);
    const entry = trail.filter(({ event }) => event === 'invitation made').at(-1);
    expect(entry?.detail).toBe(`recovery, ${operator}, because: phone and key lost`);
    expect(entry?.actor).toContain(operator);
    anna = found.browser;
  });

  it.each([
    ['nobody', 1],
    ['no.name', 1],
  ])('%s is nobody', async (name, code) => {
    const { operator = '' } = (await anna.who()) ?? {};
    for (const verb of ['recover', 'installation'])
      expect((await server.fieldbind('operator', verb, name, '--by', operator, '--because', 'so')).code).toBe(
        code,
      );
  });

  it('a person is made an installation administrator, and the last one stays', async () => {
    const { operator = '' } = (await anna.who()) ?? {};
    const carl = await invited('westside', 'Carl', 'support');
    const words = (name: string, ...more: string[]) =>
      server.fieldbind('operator', 'installation', name, ...more, '--by', operator, '--because', 'so');
    expect(await words(operator, '--end')).toMatchObject({ code: 1 });
    expect(await words(carl.operator)).toMatchObject({ code: 0 });
    expect(await carl.browser.who()).toMatchObject({ installation: true });
    expect(await words(carl.operator, '--end')).toMatchObject({ code: 0 });
    expect(await carl.browser.who()).not.toHaveProperty('installation');
  });
});

describe('an installation administrator', () => {
  let otto: Joined;
  let berta: Joined;

  it('makes an organisation with its CA, and invites whoever administers it', async () => {
    expect(await anna.who()).toMatchObject({ installation: true });
    const wanted = { name: 'eastside', title: 'Eastside Solar', administrator: 'Otto Lang' };
    otto = await join((await made('/api/installation/organisations', wanted)).link);
    expect((await otto.browser.who())?.memberships).toMatchObject([
      { org: 'eastside', title: 'Eastside Solar', role: 'administrator' },
    ]);
    expect(await otto.browser.who()).not.toHaveProperty('installation');
    expect((await orgsSeen()).orgs).toMatchObject([
      { name: 'eastside', people: 1, administrators: ['Otto Lang'] },
      { name: 'westside', people: 2, administrators: ['Anna Berg'] },
    ]);
    expect(codeIn(await anna.post('/api/installation/organisations', wanted))).toBe('conflict');
    const taken = { ...wanted, name: 'root' };
    expect([(await anna.post('/api/installation/organisations', taken)).status]).toEqual([400]);
  });

  it('is nothing in an organisation that is not hers', async () => {
    expect(codeIn(await anna.get('/api/people?org=eastside'))).toBe('forbidden');
    expect(codeIn(await otto.browser.get('/api/installation/organisations'))).toBe('forbidden');
  });

  it('puts no administrator into an organisation that has one without that one’s word', async () => {
    const path = '/api/installation/organisations/eastside/administrators';
    const { id, link, waits } = await made(path, { name: 'Vera Neu' });
    expect(waits).toBe(true);
    expect(codeIn(await new BrowserOf(server.url).join(link))).toBe('invitation_waits');
    expect(codeIn(await anna.post(`/api/invitations/${id}/approve?org=eastside`))).toBe('forbidden');
    expect(await otto.browser.post(`/api/invitations/${id}/approve?org=eastside`)).toMatchObject({
      status: 200,
    });
    expect((await (await join(link)).browser.who())?.memberships).toMatchObject([{ role: 'administrator' }]);
  });

  it('alone recovers who works for several organisations', async () => {
    const paul = await invited('westside', 'Paul', 'installer');
    const { link } = await made(
      '/api/invitations?org=eastside',
      { name: 'Paul', role: 'support' },
      otto.browser,
    );
    const token = new URL(link).hash.slice(1);
    expect(await paul.browser.post('/api/invitations/join', { token })).toMatchObject({ status: 200 });
    for (const [by, org] of [
      [anna, 'westside'],
      [otto.browser, 'eastside'],
    ] as const) {
      const answer = await by.post(`/api/invitations?org=${org}`, { name: 'Paul', operator: paul.operator });
      expect([answer.status, codeIn(answer)]).toEqual([403, 'several_organisations']);
    }
    const early = await made(recovery(paul.operator), BECAUSE);
    // Whoever answers for the installation would be Paul in both houses: a second one has to agree.
    expect(early.waits).toBe(true);
    berta = await invited('westside', 'Berta', 'support');
    const approve = ({ id }: InvitationLink) =>
      berta.browser.post(`/api/installation/invitations/${id}/approve`);
    expect(codeIn(await approve(early))).toBe('forbidden');
    const change = { isOne: true, because: 'second pair of eyes' };
    expect(await anna.post(`/api/installation/people/${berta.operator}`, change)).toMatchObject({
      status: 200,
    });
    // One that she made herself a moment ago is no second pair of eyes.
    expect(codeIn(await approve(early))).toBe('administrator_too_new');
    ahead += WEEK;
    for (const browser of [anna, berta.browser, otto.browser]) await browser.signIn();
    const anew = await made(recovery(paul.operator), BECAUSE);
    // The newest takes the place of those before.
    expect(codeIn(await new BrowserOf(server.url).join(early.link))).toBe('invitation_over');
    expect(await approve(anew)).toMatchObject({ status: 200 });
    const again = await join(anew.link);
    expect(again.operator).toBe(paul.operator);
    expect((await again.browser.who())?.memberships?.map(({ org }) => org).sort()).toEqual([
      'eastside',
      'westside',
    ]);
    expect(codeIn(await paul.browser.signIn())).toBe('passkey_unknown');
  });

  it('recovers an administrator only where a second installation administrator agrees', async () => {
    const { id, link, waits } = await made(recovery(otto.operator), BECAUSE);
    expect([waits, (await orgsSeen()).recoveries]).toMatchObject([true, [{ id, name: 'Otto Lang' }]]);
    const approve = (by: BrowserOf) => by.post(`/api/installation/invitations/${id}/approve`);
    expect(codeIn(await approve(anna))).toBe('own_request');
    expect(await approve(berta.browser)).toMatchObject({ status: 200 });
    expect((await join(link)).operator).toBe(otto.operator);
  });

  it('is never the last one who goes, and recovers nobody who is herself or nobody', async () => {
    const { operator = '' } = (await anna.who()) ?? {};
    expect(codeIn(await anna.post(recovery(operator), BECAUSE))).toBe('own_request');
    expect(codeIn(await anna.post(recovery('nobody'), BECAUSE))).toBe('not_found');
    const { installationAdministrators: all } = server.running.installation.stores;
    const others = (await all.all()).filter((one) => one !== operator);
    const change = { isOne: false, because: 'gone' };
    for (const other of others)
      expect(await anna.post(`/api/installation/people/${other}`, change)).toMatchObject({ status: 200 });
    expect(codeIn(await anna.post(`/api/installation/people/${operator}`, change))).toBe(
      'last_administrator',
    );
    expect(await all.all()).toEqual([operator]);
  });
});
