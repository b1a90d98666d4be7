import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { InvitationLink } from '../../contract/account.ts';
import type { OwnNotices } from '../../contract/notice.ts';
import { type MailServer, mailer } from '../../server/outside/notices/mailer.ts';
import { BrowserOf, codeIn, tokenOf } from '../support/browser-of.ts';
import { type MailBox, startExim } from '../support/exim.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ORG = { name: 'westside', title: 'Westside Energy' };

let box: MailBox;
let server: TestServer;
let anna: BrowserOf;
let now = Date.now();

const serverOf = ({ port, user, password, trustFile }: MailBox): MailServer => ({
  ...{ host: 'localhost', port, security: 'starttls', user, password, trustFile },
  from: 'fieldbind@field.example.org',
});

beforeAll(async () => {
  box = await startExim();
  server = await startTestServer({
    ...{ demo: false, mail: serverOf(box), clock: { now: () => now } },
    // Sends nothing by itself.
    tell: HOUR,
  });
  anna = new BrowserOf(server.url);
  await anna.join(server.running.setUpLink ?? '', { name: 'Anna Berg', org: ORG });
});
afterAll(async () => {
  await closeFaultless(server);
  await box.close();
});

const send = () => server.running.notices.run();
const waiting = () => server.running.installation.stores.notices.waiting();
const invite = (body: object, by = anna) => by.post('/api/invitations?org=westside', body);
/** What came since so many were there. */
const since = async (before: number, many = 1) => (await box.reached(before + many)).slice(before);

async function joined(name: string, role: string): Promise<BrowserOf> {
  const { body } = await invite({ name, role });
  const browser = new BrowserOf(server.url);
  expect(await browser.join((body as InvitationLink).link)).toMatchObject({ status: 200 });
  return browser;
}

/** Takes an address by the code that is mailed to it. */
async function confirm(who: BrowserOf, address: string): Promise<void> {
  const before = box.mails().length;
  expect(await who.post('/api/notices', { address })).toMatchObject({
    status: 200,
    body: { waiting: address },
  });
  await send();
  const [mail] = await since(before);
  const [code] = /^\d{8}$/m.exec(mail?.text ?? '') ?? [];
  expect(await who.post('/api/notices', { code })).toMatchObject({ status: 200, body: { address } });
}

describe('an invitation', () => {
  it('goes to the invited address, with a link that works once and is kept nowhere', async () => {
    const made = await invite({ name: 'Ines Okafor', role: 'installer', email: 'ines@example.org' });
    expect(made).toMatchObject({ status: 200, body: { mailed: true } });
    const { link } = made.body as InvitationLink;
    const before = box.mails().length;
    await send();
    await send();
    const [mail, ...more] = await since(before);
    expect(more).toEqual([]);
    expect(mail?.headers).toMatchObject({
      'envelope-to': ['ines@example.org'],
      'return-path': ['<fieldbind@field.example.org>'],
      to: ['ines@example.org'],
      from: ['Fieldbind <fieldbind@field.example.org>'],
      subject: ['You are invited to Fieldbind'],
      'auto-submitted': ['auto-generated'],
    });
    // Over TLS, which exim notes by itself.
    expect(mail?.headers.received?.[0]).toContain('with esmtpsa');
    expect(mail?.text).toContain(`\n${link}\n`);
    expect(mail?.text).toContain(ORG.title);
    expect(mail?.text).not.toContain('Anna');
    for (const file of readdirSync(server.data).filter((name) => name.includes('sqlite')))
      expect(readFileSync(join(server.data, file)).includes(tokenOf(link))).toBe(false);
    const [, told = ''] = /(http\S+\/join#\S+)/.exec(mail?.text ?? '') ?? [];
    expect(await new BrowserOf(server.url).join(told)).toMatchObject({ body: { name: 'Ines Okafor' } });
    expect(codeIn(await new BrowserOf(server.url).join(told))).toBe('invitation_used');
  });

  it('is not mailed when it was taken back or used before', async () => {
    const before = box.mails().length;
    const made = await invite({ name: 'Ned', role: 'installer', email: 'ned@example.org' });
    await anna.post(`/api/invitations/${(made.body as InvitationLink).id}/withdraw?org=westside`);
    const other = await invite({ name: 'Nora', role: 'installer', email: 'nora@example.org' });
    await new BrowserOf(server.url).join((other.body as InvitationLink).link);
    await send();
    expect([box.mails().length - before, await waiting()]).toEqual([0, { all: 0, failing: 0 }]);
  });

  it('of an administrator is mailed when the second one agreed, and not before', async () => {
    const [berta, cleo] = [await joined('Berta', 'administrator'), await joined('Cleo', 'administrator')];
    // Who has been an administrator for a week counts as one of two.
    now += 8 * DAY;
    for (const administrator of [anna, cleo]) await administrator.signIn();
    const operator = (await berta.who())?.operator ?? '';
    const made = await invite({ name: 'Berta', operator, email: 'berta@example.org' });
    const before = box.mails().length;
    await send();
    expect([box.mails().length - before, await waiting()]).toEqual([0, { all: 1, failing: 0 }]);
    const { id, link } = made.body as InvitationLink;
    expect(await cleo.post(`/api/invitations/${id}/approve?org=westside`)).toMatchObject({ status: 200 });
    now += MINUTE;
    await send();
    const [mail] = await since(before);
    expect(mail?.text).toContain(link);
  });

  it('has one address, and nothing that ends a header or names another', async () => {
    const before = box.mails().length;
    for (const email of [
      'ines@example.org\r\nBcc: eve@example.org',
      'ines@example.org\nBcc: eve@example.org',
      'ines@example.org,eve@example.org',
      'Ines <ines@example.org>',
      'ines@example.org eve@example.org',
      '"ines\r\nBcc: eve"@example.org',
      'ines@exa\0mple.org',
      'ines',
      '',
    ])
      expect([email, (await invite({ name: 'Ines', role: 'installer', email })).status]).toEqual([
        email,
        400,
      ]);
    for (const name of ['Ines\r\nBcc: eve@example.org', 'Ines\n\nHello'])
      expect((await invite({ name, role: 'installer', email: 'i@example.org' })).status).toBe(400);
    const odd = `=?utf-8?q?Bcc:_eve?= "><b>' ${'ü'.repeat(40)}`;
    await invite({ name: odd, role: 'installer', email: "o'hara+x@example.org" });
    await send();
    const [mail, ...more] = await since(before);
    expect([mail?.headers['envelope-to'], more]).toEqual([["o'hara+x@example.org"], []]);
    expect(Object.keys(mail?.headers ?? {})).not.toContain('bcc');
  });
});

describe('a person', () => {
  let tess: BrowserOf;
  let operator: string;
  beforeAll(async () => {
    tess = await joined('Tess', 'installer');
    operator = (await tess.who())?.operator ?? '';
  });

  async function endAPhone(): Promise<void> {
    // It asks for a sign-in of the last minutes, and hours pass in these tests.
    await anna.signIn();
    const kid = `${crypto.randomUUID().replaceAll('-', '')}AAAAAAAAAAA`;
    const { installation } = server.running;
    const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } as const;
    await installation.stores.operatorKeys.saveKey({
      kid,
      operator,
      jwk,
      enrolledAt: new Date(now).toISOString(),
    });
    const ended = await anna.post(`/api/people/${operator}/phones/${kid}?org=westside`, { because: 'lost' });
    expect(ended.status).toBe(200);
  }

  it('has an address when its code came back, and mail only then', async () => {
    await tess.post('/api/notices', { wishes: [{ kind: 'phone_lost', mail: true, push: false }] });
    expect(await tess.post('/api/notices', { address: 'tess@example.org' })).toMatchObject({ status: 200 });
    expect(codeIn(await tess.post('/api/notices', { address: 'tess@example.org' }))).toBe('rate_limited');
    const again = await fetch(`${server.url}/api/notices`, {
      method: 'POST',
      headers: {
        cookie: [...tess.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...{ origin: server.url, 'content-type': 'application/json' },
      },
      body: JSON.stringify({ address: 'another@example.org' }),
    });
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, '60']);
    await endAPhone();
    const before = box.mails().length;
    await send();
    const [mail, ...more] = await since(before);
    expect([mail?.headers.subject, more]).toEqual([['Your code for Fieldbind'], []]);
    const [code = ''] = /^\d{8}$/m.exec(mail?.text ?? '') ?? [];
    const wrong = String((Number(code) + 1) % 10 ** 8).padStart(8, '0');
    for (let n = 0; n < 5; n++)
      expect(codeIn(await tess.post('/api/notices', { code: wrong }))).toBe('proof_invalid');
    // After so many the right one is worth nothing either.
    expect(codeIn(await tess.post('/api/notices', { code }))).toBe('proof_invalid');
    expect(((await tess.get('/api/notices')).body as OwnNotices).address).toBeUndefined();
    now += 2 * MINUTE;
    await confirm(tess, 'tess@example.org');
  });

  it('is told by mail of a phone that was ended, without a word of which or by whom', async () => {
    const before = box.mails().length;
    await endAPhone();
    await send();
    const [mail] = await since(before);
    expect(mail?.headers).toMatchObject({
      to: ['tess@example.org'],
      subject: ['A phone of yours was ended'],
    });
    expect(mail?.text).not.toMatch(/Anna|Tess|Westside|lost/);
  });

  it('is told when the mail server is back, once', async () => {
    const before = box.mails().length;
    await endAPhone();
    await box.stop();
    await send();
    expect(await waiting()).toEqual({ all: 1, failing: 1 });
    now += HOUR;
    await send();
    expect(await waiting()).toEqual({ all: 1, failing: 1 });
    await box.start();
    now += HOUR;
    await send();
    await send();
    expect(await since(before)).toHaveLength(1);
    expect([box.mails().length - before, await waiting()]).toEqual([1, { all: 0, failing: 0 }]);
  });

  it('takes the address out, and is told no more', async () => {
    expect(await tess.post('/api/notices', { address: '' })).toMatchObject({ status: 200 });
    const before = box.mails().length;
    await endAPhone();
    await send();
    expect([box.mails().length - before, await waiting()]).toEqual([0, { all: 0, failing: 0 }]);
  });
});

describe('the mail server', () => {
  const others: MailBox[] = [];
  afterEach(async () => {
    for (const other of others.splice(0)) await other.close();
  });
  const another = async (options: Parameters<typeof startExim>[0]) => {
    const other = await startExim(options);
    others.push(other);
    return other;
  };
  const mail = { id: 'a', to: 'x@example.org', subject: 's', text: 't' };
  const sent = (to: MailServer, other = mail) => mailer(to).send(other);

  it('is believed by its certificate: by whom it is, and for which name', async () => {
    const good = serverOf(box);
    expect(await sent({ ...good, trustFile: undefined })).toEqual({ ok: false, fault: 'not_trusted' });
    const elsewhere = await another({ names: 'DNS:elsewhere.example' });
    expect(await sent(serverOf(elsewhere))).toEqual({ ok: false, fault: 'not_trusted' });
    expect(elsewhere.mails()).toEqual([]);
  });

  it('hears neither password nor mail without TLS', async () => {
    const plain = await another({ startTls: false });
    expect(await sent(serverOf(plain))).toMatchObject({ ok: false });
    expect(plain.mails()).toEqual([]);
    // A server of this machine, which was told to be spoken to so.
    const here = { ...serverOf(plain), security: 'none', user: undefined, password: undefined } as const;
    expect(await sent(here)).toEqual({ ok: false, fault: 'not_taken' });
  });

  it('is tried by the doctor without a mail', async () => {
    const before = box.mails().length;
    expect(await mailer(serverOf(box)).check()).toEqual({ ok: true });
    const wrong = { ...serverOf(box), password: 'wrong' };
    expect(await mailer(wrong).check()).toEqual({ ok: false, fault: 'not_authorized' });
    expect(box.mails()).toHaveLength(before);
  });

  it('says no to a wrong password, and to whom it does not know', async () => {
    const good = serverOf(box);
    expect(await sent({ ...good, password: 'wrong' })).toEqual({ ok: false, fault: 'not_authorized' });
    expect(await sent(good, { ...mail, to: 'x@refused.example' })).toEqual({ ok: false, fault: 'not_taken' });
    expect(await sent({ ...good, host: 'no-such-host.invalid' })).toEqual({
      ok: false,
      fault: 'not_reached',
    });
  });
});
