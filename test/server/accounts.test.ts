import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvitationLink, OrgPeople, OwnPhone, SignInChallenge } from '../../contract/account.ts';
import type { OwnSessions } from '../../contract/own-session.ts';
import { Authenticator } from '../support/authenticator.ts';
import { BrowserOf, codeIn, tokenOf } from '../support/browser-of.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { trailOf } from '../support/trail.ts';

const ORG = { name: 'westside', title: 'Westside Energy' };

let server: TestServer;
let anna: BrowserOf;
let ahead = 0;
const WEEK = 7 * 24 * 3_600_000;

beforeAll(async () => {
  server = await startTestServer({ demo: false, clock: { now: () => Date.now() + ahead } });
  anna = new BrowserOf(server.url);
});
afterAll(() => closeFaultless(server));

async function invited(name: string, role: string, by = anna): Promise<string> {
  const made = await by.post('/api/invitations?org=westside', { name, role });
  expect(made).toMatchObject({ status: 200 });
  return (made.body as InvitationLink).link;
}

const peopleSeen = async () => (await anna.get('/api/people?org=westside')).body as OrgPeople;

describe('the first administrator', () => {
  it('comes in by the link that the server prints, and is who answers for everything', async () => {
    const link = server.running.setUpLink ?? '';
    expect((await anna.post('/api/invitations/read', { token: tokenOf(link) })).body).toMatchObject({
      kind: 'set-up',
    });
    expect(await anna.join(link, { name: 'Anna Berg' })).toMatchObject({ status: 400 });
    const joined = await anna.join(link, { name: 'Anna Berg', org: ORG });
    expect(joined).toMatchObject({
      status: 200,
      body: { name: 'Anna Berg', memberships: [{ org: 'westside', role: 'administrator' }] },
    });
    expect(await anna.who()).toMatchObject({ name: 'Anna Berg' });
  });

  it('is one: the link is used up', async () => {
    const again = await new BrowserOf(server.url).join(server.running.setUpLink ?? '', {
      name: 'Eve',
      org: ORG,
    });
    expect([again.status, codeIn(again)]).toEqual([410, 'invitation_used']);
  });
});

describe('an invited person', () => {
  let ines: BrowserOf;

  beforeAll(async () => {
    ines = new BrowserOf(server.url);
    expect(await ines.join(await invited('Ines Okafor', 'installer'))).toMatchObject({
      status: 200,
      body: { name: 'Ines Okafor', memberships: [{ org: 'westside', role: 'installer' }] },
    });
  });

  it('signs in by passkey, without saying who she is', async () => {
    await ines.post('/api/sign-out');
    expect(await ines.who()).toBeUndefined();
    expect(await ines.signIn()).toMatchObject({ status: 200, body: { name: 'Ines Okafor' } });
  });

  it('cannot be played again, borrowed, or forged', async () => {
    const { body } = await ines.post('/api/passkeys/challenge');
    const response = ines.authenticator.signIn(body as SignInChallenge);
    // Another browser shows what it caught: the challenge is used up by that, for everybody.
    const eve = new BrowserOf(server.url);
    expect(codeIn(await eve.post('/api/passkeys/sign-in', { response }))).toBe('nonce_unknown');
    await eve.post('/api/passkeys/challenge');
    expect(codeIn(await eve.post('/api/passkeys/sign-in', { response }))).toBe('nonce_unknown');
    expect(codeIn(await ines.post('/api/passkeys/sign-in', { response }))).toBe('nonce_unknown');
    for (const twist of [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { unverified: true },
      { type: 'webauthn.create' },
    ])
      expect([twist, codeIn(await ines.signIn(twist))]).toEqual([twist, 'passkey_refused']);
    expect(codeIn(await ines.signIn({ challenge: 'A'.repeat(43) }))).toBe('nonce_unknown');
    const stranger = new BrowserOf(server.url);
    stranger.authenticator.register({
      rp: { id: 'localhost', name: '' },
      user: { id: 'AA', name: '', displayName: '' },
      challenge: 'AA',
      pubKeyCredParams: [],
      timeout: 0,
      excludeCredentials: [],
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      },
      attestation: 'none',
    });
    expect(codeIn(await stranger.signIn())).toBe('passkey_unknown');
  });

  it('has another device by a code, once', async () => {
    const { body } = await ines.post('/api/invitations/device');
    const tablet = new BrowserOf(server.url);
    expect(await tablet.join((body as InvitationLink).link)).toMatchObject({
      status: 200,
      body: { name: 'Ines Okafor' },
    });
    expect(codeIn(await new BrowserOf(server.url).join((body as InvitationLink).link))).toBe(
      'invitation_used',
    );
    const { passkeys } = (await ines.get('/api/passkeys')).body as {
      passkeys: { id: string; label: string }[];
    };
    expect(passkeys.map(({ label }) => label)).toEqual(['Chrome on Android', 'Chrome on Android']);
    expect(await ines.post('/api/passkeys/end', { id: tablet.authenticator.id })).toMatchObject({
      status: 200,
    });
    expect(codeIn(await tablet.signIn())).toBe('passkey_unknown');
    expect(codeIn(await ines.post('/api/passkeys/end', { id: ines.authenticator.id }))).toBe('conflict');
  });

  it('sees where she is signed in by name, and ends a phone of her own, nobody else’s', async () => {
    const { sessions } = (await ines.get('/api/sessions')).body as OwnSessions;
    expect(sessions.find(({ own }) => own)?.label).toBe('Chrome on Android');
    const { operator } = (await ines.who()) ?? { operator: '' };
    const { operatorKeys } = server.running.installation.stores;
    const [hers, annas] = ['A'.repeat(43), 'B'.repeat(43)];
    const { operator: other } = (await anna.who()) ?? { operator: '' };
    const jwk = { kty: 'EC', crv: 'P-256', x: '', y: '' } as const;
    const enrolledAt = '2026-01-01T00:00:00.000Z';
    await operatorKeys.saveKey({ kid: hers, operator, jwk, enrolledAt });
    await operatorKeys.saveKey({ kid: annas, operator: other, jwk, enrolledAt });
    const phones = async () => ((await ines.get('/api/own-phones')).body as { phones: OwnPhone[] }).phones;
    expect(await phones()).toEqual([{ kid: hers, enrolledAt, unsent: 0 }]);
    const because = 'I lost it';
    expect(codeIn(await ines.post(`/api/own-phones/${annas}`, { because }))).toBe('not_found');
    expect(await ines.post(`/api/own-phones/${hers}`, { because })).toMatchObject({ status: 200 });
    expect(await phones()).toMatchObject([{ kid: hers, revokedAt: expect.any(String) }]);
    expect((await operatorKeys.key(annas))?.revokedAt).toBeNull();
  });

  it('makes no invitation, and sees nobody', async () => {
    const asked = [
      await ines.get('/api/people?org=westside'),
      await ines.post('/api/invitations?org=westside', { name: 'Eve', role: 'administrator' }),
    ];
    expect(asked.map(codeIn)).toEqual(['forbidden', 'forbidden']);
  });

  it('is out when a copy of the passkey shows: both end', async () => {
    const carl = new BrowserOf(server.url);
    await carl.join(await invited('Carl', 'installer'));
    carl.authenticator.counter = 40;
    expect(await carl.signIn()).toMatchObject({ status: 200 });
    const open = (await carl.post('/api/invitations/device')).body as InvitationLink;
    expect(codeIn(await carl.signIn({ counter: 12 }))).toBe('passkey_cloned');
    // Nobody knows who is signed in with it, so nobody stays, nor does a link that one of them made.
    expect(await carl.who()).toBeUndefined();
    expect(codeIn(await new BrowserOf(server.url).join(open.link))).toBe('invitation_over');
    expect(codeIn(await carl.signIn())).toBe('passkey_unknown');
    const trail = await trailOf(server.running.installation.stores);
    expect(trail.filter(({ event }) => event === 'passkey cloned')).toMatchObject([
      { subject: expect.stringMatching(/^carl-/) },
    ]);
  });

  it('gets a new invitation when all passkeys are lost, and the old ones end', async () => {
    const dora = new BrowserOf(server.url);
    const { body } = await dora.join(await invited('Dora', 'support'));
    const { operator } = body as { operator: string };
    const older = await anna.post('/api/invitations?org=westside', { name: 'Dora', operator });
    const made = await anna.post('/api/invitations?org=westside', { name: 'Dora', operator });
    expect(made).toMatchObject({ status: 200, body: { waits: false } });
    const device = await dora.post('/api/invitations/device');
    const found = new BrowserOf(server.url, new Authenticator(server.url));
    expect(await found.join((made.body as InvitationLink).link)).toMatchObject({ body: { operator } });
    expect(await dora.who()).toBeUndefined();
    expect(codeIn(await dora.signIn())).toBe('passkey_unknown');
    for (const { body: left } of [older, device])
      expect(codeIn(await new BrowserOf(server.url).join((left as InvitationLink).link))).toBe(
        'invitation_over',
      );
    expect((await found.who())?.memberships).toMatchObject([{ org: 'westside', role: 'support' }]);
  });
});

describe('an administrator', () => {
  it('is recovered by two others only', async () => {
    const berta = new BrowserOf(server.url);
    const { body } = await berta.join(await invited('Berta', 'administrator'));
    const { operator } = body as { operator: string };
    const made = await anna.post('/api/invitations?org=westside', { name: 'Berta', operator });
    expect(made).toMatchObject({ status: 200, body: { waits: true } });
    const { id, link } = made.body as InvitationLink;
    expect(codeIn(await new BrowserOf(server.url).join(link))).toBe('invitation_waits');
    expect(codeIn(await anna.post(`/api/invitations/${id}/approve?org=westside`))).toBe('own_request');
    expect(codeIn(await berta.post(`/api/invitations/${id}/approve?org=westside`))).toBe('own_request');
    const cleo = new BrowserOf(server.url);
    await cleo.join(await invited('Cleo', 'administrator'));
    const approve = (one = id) => cleo.post(`/api/invitations/${one}/approve?org=westside`);
    // Whoever was made administrator a moment ago, by whoever asks, is no second pair of eyes.
    expect(codeIn(await approve())).toBe('administrator_too_new');
    ahead += WEEK;
    await anna.signIn();
    await cleo.signIn();
    const later = (await anna.post('/api/invitations?org=westside', { name: 'Berta', operator }))
      .body as InvitationLink;
    expect(await approve(later.id)).toMatchObject({ status: 200 });
    expect(await new BrowserOf(server.url).join(later.link)).toMatchObject({ status: 200 });
  });

  it('who is made less of is no easier to recover for a week', async () => {
    const bob = new BrowserOf(server.url);
    const { operator } = (await bob.join(await invited('Bob', 'administrator'))).body as { operator: string };
    const role = (to: string) =>
      anna.post(`/api/people/${operator}/role?org=westside`, { role: to, because: 'trying it out' });
    expect(await role('installer')).toMatchObject({ status: 200 });
    const recover = () => anna.post('/api/invitations?org=westside', { name: 'Bob', operator });
    expect(await recover()).toMatchObject({ status: 200, body: { waits: true } });
    ahead += WEEK + 1;
    await anna.signIn();
    const alone = await recover();
    expect(alone).toMatchObject({ status: 200, body: { waits: false } });
    // What was made for an installer opens no administrator's account.
    expect(await role('administrator')).toMatchObject({ status: 200 });
    expect(codeIn(await new BrowserOf(server.url).join((alone.body as InvitationLink).link))).toBe(
      'invitation_over',
    );
    const trail = await trailOf(server.running.installation.stores);
    expect(trail.findLast(({ event }) => event === 'role given')?.detail).toBe(
      'administrator, before: installer; because: trying it out',
    );
  });

  it('sees who is there and who is invited, and takes an invitation back', async () => {
    const link = await invited('Nobody Yet', 'owner');
    const seen = await peopleSeen();
    expect(seen.people.map(({ name }) => name)).toContain('Ines Okafor');
    const open = seen.invitations.find(({ name }) => name === 'Nobody Yet');
    expect(open).toMatchObject({ kind: 'join', role: 'owner', by: 'Anna Berg' });
    await anna.post(`/api/invitations/${open?.id}/withdraw?org=westside`);
    expect(codeIn(await new BrowserOf(server.url).join(link))).toBe('invitation_over');
  });
});
