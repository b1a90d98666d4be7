import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvitationLink } from '../../contract/account.ts';
import { API, type ApiName } from '../../contract/api.ts';
import { toInstant } from '../../core/instant.ts';
import { FAILURES } from '../../server/accounts/guesses.ts';
import { makeInvitation } from '../../server/accounts/invitations.ts';
import { ACCOUNT_CALLS } from '../support/account-calls.ts';
import { type Answered, BrowserOf, codeIn, tokenOf } from '../support/browser-of.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { trailOf } from '../support/trail.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ORG = { name: 'westside', title: 'Westside Energy' };

let server: TestServer;
let now = 1_800_000_000_000;
let anna: BrowserOf;
/** A browser that nobody has signed in at. */
const stranger = () => new BrowserOf(server.url);

beforeAll(async () => {
  server = await startTestServer({ demo: false, clock: { now: () => now } });
  anna = new BrowserOf(server.url);
  await anna.join(server.running.setUpLink ?? '', { name: 'Anna Berg', org: ORG });
});
afterAll(() => closeFaultless(server));

async function linkFor(name: string, role = 'installer', by = anna): Promise<string> {
  await by.signIn();
  const made = await by.post('/api/invitations?org=westside', { name, role });
  expect(made).toMatchObject({ status: 200 });
  return (made.body as InvitationLink).link;
}

async function joined(name: string, role = 'installer'): Promise<{ browser: BrowserOf; operator: string }> {
  const browser = stranger();
  const { body } = await browser.join(await linkFor(name, role));
  return { browser, operator: (body as { operator: string }).operator };
}

const peopleNamed = async (name: string) =>
  (await server.running.installation.stores.people.people()).filter((one) => one.name === name);

async function agreesToAlarms(operator: string): Promise<void> {
  const { noticeWishes, pushedBrowsers } = server.running.installation.stores;
  const at = toInstant(now);
  await noticeWishes.wish(operator, { kind: 'alarm', mail: false, push: true }, at);
  const endpoint = 'https://push.example.org/anna';
  await pushedBrowsers.save({
    ...{ id: 'a-browser', operator, endpoint, label: 'Chrome on Android', madeAt: at },
    keys: { p256dh: 'AA', auth: 'AA' },
  });
}

/** How many alarms a person would be told, by mail or push. */
async function alarmsOf(operator: string | undefined): Promise<number> {
  const { notices } = server.running.installation.stores;
  const due = await notices.due(toInstant(now + DAY), 100);
  return due.filter((one) => one.kind === 'alarm' && one.operator === operator).length;
}

describe('an invitation', () => {
  it.each([
    ['forged', 'A'.repeat(43), 404, 'invitation_unknown'],
    ['cut off', 'A'.repeat(42), 400, 'request_invalid'],
    ['with a line end', `${'A'.repeat(42)}\n`, 400, 'request_invalid'],
  ])('that is %s lets nobody in', async (_, token, status, code) => {
    for (const path of ['read', 'accept']) {
      const answer = await stranger().post(`/api/invitations/${path}`, { token });
      expect([answer.status, codeIn(answer)]).toEqual([status, code]);
    }
  });

  it('ends after seven days, and a code for another device after ten minutes', async () => {
    const link = await linkFor('Late Lena');
    const { body } = await anna.post('/api/invitations/device');
    now += 10 * MINUTE;
    expect(codeIn(await stranger().join((body as InvitationLink).link))).toBe('invitation_over');
    now += 7 * DAY - 11 * MINUTE;
    const browser = stranger();
    expect(await browser.post('/api/invitations/read', { token: tokenOf(link) })).toMatchObject({
      status: 200,
    });
    now += MINUTE;
    expect(codeIn(await browser.join(link))).toBe('invitation_over');
    expect(await peopleNamed('Late Lena')).toEqual([]);
  });

  it('is taken by one of many who hold its link at once', async () => {
    const link = await linkFor('One Only');
    const browsers = Array.from({ length: 5 }, stranger);
    const answers = await Promise.all(browsers.map((browser) => browser.join(link)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410, 410, 410]);
    expect(await peopleNamed('One Only')).toHaveLength(1);
  });

  it('does not take a passkey that was made for another one, or in another browser', async () => {
    const [mine, hers] = [await linkFor('Mine'), await linkFor('Hers')];
    const browser = stranger();
    const made = await browser.make(tokenOf(mine));
    const taken = await browser.post('/api/invitations/take', { token: tokenOf(hers), response: made });
    expect(codeIn(taken)).toBe('nonce_unknown');
    const again = await browser.make(tokenOf(mine));
    const other = stranger();
    await other.make(tokenOf(hers));
    const borrowed = await other.post('/api/invitations/take', { token: tokenOf(mine), response: again });
    expect(codeIn(borrowed)).toBe('nonce_unknown');
    expect([...(await peopleNamed('Mine')), ...(await peopleNamed('Hers'))]).toEqual([]);
  });

  it('takes no passkey of another origin, for another host, or without verification', async () => {
    const link = await linkFor('Unverified');
    for (const twist of [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { unverified: true },
      { type: 'webauthn.get' },
    ])
      expect([twist, codeIn(await stranger().join(link, {}, twist))]).toEqual([twist, 'passkey_refused']);
    expect(codeIn(await stranger().join(link, {}, { challenge: 'A'.repeat(43) }))).toBe('nonce_unknown');
    expect(await peopleNamed('Unverified')).toEqual([]);
    expect(await stranger().join(link)).toMatchObject({ status: 200 });
  });

  it.each(['packed', 'android-key', 'tpm', 'apple', 'no-such-format'])(
    'reads nothing of what vouches for an authenticator (%s): its lists would be fetched from wherever it says',
    async (fmt) => {
      const link = await linkFor(`By ${fmt}`);
      const attestation = { fmt, attStmt: { alg: -7, sig: new Uint8Array(8), x5c: [new Uint8Array(64)] } };
      expect(await stranger().join(link, {}, { attestation })).toMatchObject({ status: 200 });
    },
  );

  it('takes no passkey that is somebody’s', async () => {
    const { browser } = await joined('First Fred');
    const token = tokenOf(await linkFor('Second Fred'));
    const response = await browser.make(token);
    const again = await browser.post('/api/invitations/take', { token, response });
    expect([again.status, codeIn(again)]).toEqual([409, 'conflict']);
    expect(await peopleNamed('Second Fred')).toEqual([]);
  });

  it.each([
    '',
    ' ',
    'a\u0000b',
    'a\nb',
    'a\u0085b',
    'a\u202eb',
    '\u200b',
    '\u200d',
    '\u3164',
    'Anna\u200b',
    'a\u{e0041}',
    'a\u061c',
    'a\u2028b',
    'x'.repeat(121),
  ])('is made for nobody called %j', async (name) => {
    await anna.signIn();
    const made = await anna.post('/api/invitations?org=westside', { name, role: 'installer' });
    expect([made.status, codeIn(made)]).toEqual([400, 'request_invalid']);
  });

  it('lets whoever is signed in join with what they have, and changes no role that they have', async () => {
    const { browser, operator } = await joined('Ute');
    const token = tokenOf(await linkFor('Ute again', 'administrator'));
    const answer = await browser.post('/api/invitations/join', { token });
    expect([answer.status, codeIn(answer)]).toEqual([409, 'conflict']);
    const { stores } = server.running.installation;
    expect(await stores.people.memberships(operator)).toMatchObject([{ role: 'installer' }]);
  });

  it.each([
    ['left', (operator: string) => ['operator', 'leave', operator, '--org', 'westside']],
    [
      'lost the role',
      (operator: string) => ['operator', 'join', operator, '--org', 'westside', '--role', 'support'],
    ],
    ['was revoked', (operator: string) => ['operator', 'revoke', operator]],
  ])('made by somebody who %s since is worth nothing', async (_, words) => {
    const { browser, operator } = await joined('Gone Gus', 'administrator');
    const link = await linkFor('Friend of Gus', 'administrator', browser);
    const reader = stranger();
    expect(await reader.post('/api/invitations/read', { token: tokenOf(link) })).toMatchObject({
      status: 200,
    });
    const { operator: by = '' } = (await anna.who()) ?? {};
    expect(await server.fieldbind(...words(operator), '--by', by)).toMatchObject({ code: 0 });
    expect(codeIn(await reader.join(link))).toBe('invitation_over');
    expect(await peopleNamed('Friend of Gus')).toEqual([]);
  });

  it('leaves nothing of its secret on the trail or in the database', async () => {
    const link = await linkFor('Secret Sue');
    await stranger().join(link);
    const token = tokenOf(link);
    const all = JSON.stringify(await trailOf(server.running.installation.stores));
    expect([all.includes('invitation accepted'), all.includes(token)]).toEqual([true, false]);
  });
});

describe('the first administrator', () => {
  it('is one where several use links at once, with one organisation, and nobody is made by an older link', async () => {
    const own = await startTestServer({ demo: false });
    try {
      const { installation, setUpLink: older = '' } = own.running;
      const set = { kind: 'set-up', org: null, role: null, operator: null, name: '' } as const;
      const another = () =>
        makeInvitation({ ...set, by: 'a test', madeBy: null, waits: false }, installation);
      const links = [older];
      for (let more = 0; more < 3; more++) links.push((await another()).link);
      const answers = await Promise.all(
        links.map((link, n) =>
          new BrowserOf(own.url).join(link, {
            name: `Anna ${n}`,
            org: { name: `org${n}`, title: `Org ${n}` },
          }),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(await installation.stores.orgs.orgs()).toHaveLength(1);
      expect((await installation.stores.people.people()).length).toBe(1);
      expect((await installation.stores.installationAdministrators.all()).length).toBe(1);
      const late = await another();
      const answer = await new BrowserOf(own.url).join(late.link, { name: 'Late', org: ORG });
      expect([answer.status, codeIn(answer)]).toEqual([410, 'invitation_over']);
      expect(await installation.stores.orgs.org(ORG.name)).toBeUndefined();
    } finally {
      await closeFaultless(own);
    }
  });

  it('does not remove herself', async () => {
    await anna.signIn();
    const { operator = '' } = (await anna.who()) ?? {};
    for (const body of [{ because: 'left' }, { role: 'installer', because: 'rest' }]) {
      const answer = await anna.post(`/api/people/${operator}/role?org=westside`, body);
      expect([answer.status, codeIn(answer)]).toEqual([409, 'last_administrator']);
    }
    expect((await anna.who())?.memberships).toMatchObject([{ role: 'administrator' }]);
  });
});

describe('a session', () => {
  it('that a browser had before is worth nothing after a sign-in', async () => {
    const { browser } = await joined('Fixed Finn');
    const before = new Map(browser.cookies);
    await browser.signIn();
    const old = stranger();
    for (const [name, value] of before) old.setCookie(name, value);
    expect(await old.who()).toBeUndefined();
    expect(await browser.who()).toMatchObject({ name: 'Fixed Finn' });
  });

  it('ends with the passkey that began it, also after a further organisation was joined in it', async () => {
    const { browser, operator } = await joined('Two Phones');
    const { body } = await browser.post('/api/invitations/device');
    const lost = stranger();
    await lost.join((body as InvitationLink).link);
    const { stores } = server.running.installation;
    const join = { kind: 'join', org: 'training', role: 'installer', operator: null, name: 'x' } as const;
    await server.fieldbind('org', 'create', 'training', '--title', 'Practice', '--training');
    const made = await makeInvitation(
      { ...join, by: 'a test', madeBy: null, waits: false },
      server.running.installation,
    );
    const joinedToo = await lost.post('/api/invitations/join', { token: tokenOf(made.link) });
    expect(joinedToo).toMatchObject({ status: 200, body: { operator } });
    expect(await stores.people.memberships(operator)).toHaveLength(2);
    await browser.signIn();
    expect(await browser.post('/api/passkeys/end', { id: lost.authenticator.id })).toMatchObject({
      status: 200,
    });
    expect(await lost.who()).toBeUndefined();
  });

  it('is never the one that somebody else put into the browser', async () => {
    const { browser: eve } = await joined('Eve Elsewhere');
    const { browser: victim } = await joined('Vera Victim');
    const known = eve.cookies.get('__Host-fieldbind') ?? '';
    victim.setCookie('__Host-fieldbind', known);
    await victim.signIn();
    expect(victim.cookies.get('__Host-fieldbind')).not.toBe(known);
    expect(await victim.who()).toMatchObject({ name: 'Vera Victim' });
    expect((await eve.who())?.name ?? 'ended').not.toBe('Vera Victim');
  });

  it('asks for a sign-in of the last ten minutes before what is heavy, and for nothing else', async () => {
    await anna.signIn();
    const invite = () => anna.post('/api/invitations?org=westside', { name: 'Somebody', role: 'owner' });
    now += 10 * MINUTE;
    expect(await invite()).toMatchObject({ status: 200 });
    now += 1;
    const late = await invite();
    expect([late.status, codeIn(late)]).toEqual([403, 'sign_in_again']);
    expect(await anna.get('/api/people?org=westside')).toMatchObject({ status: 200 });
    await anna.signIn();
    expect(await invite()).toMatchObject({ status: 200 });
  });

  it('of a revoked person ends everywhere, and no passkey begins another', async () => {
    const { browser, operator } = await joined('Rita Revoked');
    const { operator: by = '' } = (await anna.who()) ?? {};
    expect(await server.fieldbind('operator', 'revoke', operator, '--by', by)).toMatchObject({ code: 0 });
    expect(await browser.who()).toBeUndefined();
    expect(codeIn(await browser.signIn())).toBe('unauthenticated');
  });
});

describe('another page', () => {
  it.each(ACCOUNT_CALLS.filter((name) => API[name].method === 'POST'))(
    'cannot call %s',
    async (name: ApiName) => {
      const path = API[name].path.replace(/:\w+/g, 'x');
      const cross = (headers: object): Promise<Answered> => anna.call('POST', path, {}, headers);
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
      ])
        expect([headers, codeIn(await cross(headers))]).toEqual([headers, 'origin_refused']);
    },
  );
});

describe('whoever tries', () => {
  it('invitations is locked out for a quarter of an hour, and that is on the trail', async () => {
    let steady = 0;
    const own = await startTestServer({
      demo: false,
      clock: { now: () => 1_800_000_000_000 + steady },
    });
    try {
      const browser = new BrowserOf(own.url);
      const guess = () => browser.post('/api/invitations/read', { token: 'B'.repeat(43) });
      for (let failed = 0; failed < FAILURES.address; failed++)
        expect(codeIn(await guess())).toBe('invitation_unknown');
      expect(await guess()).toMatchObject({ status: 429, body: { code: 'guessing_locked' } });
      const right = { token: tokenOf(own.running.setUpLink ?? '') };
      expect(codeIn(await browser.post('/api/invitations/read', right))).toBe('guessing_locked');
      expect(codeIn(await browser.post('/api/invitations/accept', right))).toBe('guessing_locked');
      const { stores } = own.running.installation;
      expect((await trailOf(stores)).filter(({ event }) => event === 'attempts locked')).toMatchObject([
        { actor: 'nobody signed in, this machine', subject: 'invitations from an address' },
      ]);
      steady += 15 * MINUTE;
      expect(await browser.post('/api/invitations/read', right)).toMatchObject({ status: 200 });
    } finally {
      await closeFaultless(own);
    }
  });

  it('a passkey is locked out of that account, and its person comes in all the same', async () => {
    const { browser, operator } = await joined('Locked Lou');
    const { operator: administrator = '' } = (await anna.who()) ?? {};
    await agreesToAlarms(administrator);
    for (let failed = 0; failed < FAILURES.account; failed++)
      expect(codeIn(await browser.signIn({ unverified: true }))).toBe('passkey_refused');
    expect(codeIn(await browser.signIn({ unverified: true }))).toBe('guessing_locked');
    // Nobody guesses a signature: whoever tries keeps its person out at no time.
    expect(await browser.signIn()).toMatchObject({ status: 200 });
    const { stores } = server.running.installation;
    expect((await trailOf(stores)).filter(({ event }) => event === 'attempts locked')).toMatchObject([
      { subject: operator },
    ]);
    expect(await alarmsOf(administrator)).toBe(1);
    // Others come in at the same address.
    expect(await anna.signIn()).toMatchObject({ status: 200 });
    now += 15 * MINUTE;
    expect(await browser.signIn()).toMatchObject({ status: 200 });
  });

  it('a copied passkey while nothing that fails is answered ends what it began all the same', async () => {
    const { browser: copied, operator: of } = await joined('Copied Cora');
    copied.authenticator.counter = 40;
    await copied.signIn();
    for (let failed = 0; failed < FAILURES.account; failed++) await copied.signIn({ unverified: true });
    expect(codeIn(await copied.signIn({ counter: 3 }))).toBe('guessing_locked');
    expect([await copied.who(), await server.running.installation.stores.sessions.ofOperator(of)]).toEqual([
      undefined,
      [],
    ]);
    now += 15 * MINUTE;
  });
});
