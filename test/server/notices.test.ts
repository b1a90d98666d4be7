import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OwnNotices } from '../../contract/notice.ts';
import { MOST_REFUSALS, MOST_TRIES } from '../../server/outside/notices/next-try.ts';
import { CODE_PAUSE } from '../../server/outside/notices/own-notices.ts';
import { status } from '../support/event-receiver.ts';
import { type PushDouble, startPushService } from '../support/push-service.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { trailOf } from '../support/trail.ts';

const HOUR = 3_600_000;

let service: PushDouble;
let server: TestServer;
let nadia: TestOperator;
let now = Date.now();

beforeAll(async () => {
  service = await startPushService(() => now);
  server = await startTestServer({
    pushes: { allowed: [service.host], trust: service.ca },
    clock: { now: () => now },
    // Tells nobody anything by itself.
    tell: HOUR,
  });
  const { people } = server.running.installation.stores;
  for (const [operator, role] of [
    ['nadia', 'administrator'],
    ['tess', 'installer'],
    ['rita', 'installer'],
  ] as const) {
    await people.savePerson({ operator, name: operator, about: '', demoRole: role, revokedAt: null });
    await people.saveMembership(operator, 'northfield', role);
  }
  nadia = await server.signIn('nadia');
});
afterAll(async () => {
  await closeFaultless(server);
  await service.close();
});
/** A phone of tess’s that nobody ended yet. */
let tess: TestOperator;
beforeEach(async () => {
  tess = await server.signIn('tess');
});

const tell = () => server.running.notices.run();
const came = () => service.came.length;
const read = async (who: TestOperator) => (await who.get('/api/notices')).body as OwnNotices;
const wish = (who: TestOperator, kind: string, push: boolean) =>
  who.post('/api/notices', { wishes: [{ kind, mail: false, push }] });

async function subscribe(who: TestOperator, name: string) {
  const subscription = await service.subscribe(name);
  const answer = await who.post('/api/notices', { subscribe: subscription });
  expect(answer.status).toBe(200);
  return subscription;
}

/** Removes every browser of a person. */
async function unsubscribe(who: TestOperator): Promise<void> {
  for (const { id } of (await read(who)).browsers) await who.post('/api/notices', { unsubscribe: id });
}

async function endPhoneOf(phone: TestOperator, of = 'tess'): Promise<number> {
  const path = `/api/people/${of}/phones/${phone.key.kid}?org=northfield`;
  return (await nadia.post(path, { because: 'left on a bus' })).status;
}

async function waiting() {
  return server.running.installation.stores.notices.waiting();
}

describe('a person who is not looking', () => {
  it('is told of nothing unasked, though the browser is there', async () => {
    await subscribe(tess, 'unasked');
    expect((await read(tess)).wishes).toEqual([
      { kind: 'phone_lost', mail: false, push: false },
      { kind: 'alarm', mail: false, push: false },
    ]);
    expect(await endPhoneOf(tess)).toBe(200);
    await tell();
    expect([came(), await waiting()]).toEqual([0, { all: 0, failing: 0 }]);
    await unsubscribe(tess);
  });

  it('is told by push that a phone was ended, once, and nothing else about it', async () => {
    await subscribe(tess, 'hers');
    await wish(tess, 'phone_lost', true);
    expect(await endPhoneOf(tess)).toBe(200);
    expect(await endPhoneOf(tess)).toBe(404);
    await tell();
    await tell();
    expect(came()).toBe(1);
    const [told] = service.came;
    const { kind, id, ...more } = JSON.parse(told?.text ?? '') as Record<string, unknown>;
    expect([told?.browser, kind, more]).toEqual(['hers', 'phone_lost', {}]);
    expect(told?.headers).toMatchObject({ 'content-encoding': 'aes128gcm', urgency: 'high' });
    expect(told?.headers.topic).toBe(String(id).slice(0, 32));
    // Whom a push service may write to is said only where there is an address for that.
    expect(Object.keys(told?.claims ?? {}).sort()).toEqual(['aud', 'exp']);
    expect(told?.key).toBe((await read(tess)).pushKey);
    await unsubscribe(tess);
  });

  it('says no more, and is told no more, of what is on its way too', async () => {
    await subscribe(tess, 'changed her mind');
    await wish(tess, 'phone_lost', true);
    await endPhoneOf(tess);
    expect((await waiting()).all).toBe(1);
    await wish(tess, 'phone_lost', false);
    const before = came();
    await tell();
    expect([came() - before, await waiting()]).toEqual([0, { all: 0, failing: 0 }]);
    await unsubscribe(tess);
  });

  it('wishes no more by a way whose last address or browser is gone, and goes on by the other', async () => {
    const wishes = [
      { kind: 'phone_lost', mail: true, push: true },
      { kind: 'alarm', mail: false, push: true },
    ];
    await subscribe(tess, 'one');
    await subscribe(tess, 'two');
    await tess.post('/api/notices', { wishes });
    const [one, two] = (await read(tess)).browsers;
    await tess.post('/api/notices', { unsubscribe: one?.id });
    expect((await read(tess)).wishes).toEqual(wishes);
    await tess.post('/api/notices', { unsubscribe: two?.id });
    expect((await read(tess)).wishes).toEqual([
      { kind: 'phone_lost', mail: true, push: false },
      { kind: 'alarm', mail: false, push: false },
    ]);
    await subscribe(tess, 'three');
    await tess.post('/api/notices', { wishes });
    await tess.post('/api/notices', { address: '' });
    expect((await read(tess)).wishes).toEqual(wishes.map((wish) => ({ ...wish, mail: false })));
    await unsubscribe(tess);
  });

  it('who is revoked is told of nothing any more', async () => {
    const rita = await server.signIn('rita');
    await subscribe(rita, 'revoked');
    await wish(rita, 'phone_lost', true);
    expect(await endPhoneOf(rita, 'rita')).toBe(200);
    expect((await waiting()).all).toBe(1);
    const { people } = server.running.installation.stores;
    await people.revokePerson('rita', new Date(now).toISOString());
    const before = came();
    await tell();
    expect([came() - before, await waiting()]).toEqual([0, { all: 0, failing: 0 }]);
  });

  it('has an alarm as administrator, in each browser, and once however often it is raised', async () => {
    for (const name of ['desk', 'phone']) await subscribe(nadia, name);
    await wish(nadia, 'alarm', true);
    await wish(tess, 'alarm', true);
    const { installation, notifier } = server.running;
    const raise = () =>
      installation.transact((tx) => notifier.alarm({ org: 'northfield', about: 'locked' }, tx));
    await raise();
    await raise();
    const before = came();
    await tell();
    await raise();
    await tell();
    const told = service.came.slice(before);
    expect(told.map(({ browser }) => browser).sort()).toEqual(['desk', 'phone']);
    expect(told.map(({ text }) => (JSON.parse(text) as { kind: string }).kind)).toEqual(['alarm', 'alarm']);
    // As long as any other, so that whoever carries it cannot tell which it is.
    expect(new Set(service.came.map(({ bytes }) => bytes)).size).toBe(1);
    await unsubscribe(nadia);
  });
});

describe('a browser', () => {
  it.each([404, 410])('is forgotten when its push service answers %i', async (code) => {
    await subscribe(tess, 'gone');
    await wish(tess, 'phone_lost', true);
    await endPhoneOf(tess);
    service.answers.push(status(code));
    await tell();
    expect((await read(tess)).browsers).toEqual([]);
    expect(await waiting()).toEqual({ all: 0, failing: 0 });
  });

  it('is told later by a service that is busy, and not before it asked for', async () => {
    await subscribe(tess, 'later');
    await wish(tess, 'phone_lost', true);
    await endPhoneOf(tess);
    service.answers.push(status(503, { 'retry-after': '7200' }));
    const before = came();
    await tell();
    expect([came() - before, await waiting()]).toEqual([1, { all: 1, failing: 1 }]);
    now += 2 * HOUR - 60_000;
    await tell();
    expect(came() - before).toBe(1);
    now += 60_000;
    await tell();
    expect([came() - before, await waiting()]).toEqual([2, { all: 0, failing: 0 }]);
    // The service knows that it is the same.
    const [first, second] = service.came.slice(before);
    expect(second?.headers.topic).toBe(first?.headers.topic);
    await unsubscribe(tess);
  });

  it.each([
    [500, MOST_TRIES, 'failed'],
    // That it is not taken is believed sooner, as of a receiver of events.
    [422, MOST_REFUSALS, 'not_taken'],
  ])(
    'is given up after many tries of %i, with a word on the trail that says nothing of the address',
    async (code, tries, fault) => {
      const { endpoint } = await subscribe(tess, `never ${code}`);
      await wish(tess, 'phone_lost', true);
      await endPhoneOf(tess);
      for (let n = 0; n < MOST_TRIES; n++) service.answers.push(status(code));
      const before = came();
      for (let n = 0; n < MOST_TRIES + 5 && (await waiting()).all > 0; n++) {
        await tell();
        now += HOUR;
      }
      expect(came() - before).toBe(tries);
      service.answers.length = 0;
      const given = (await trailOf(server.running.installation.stores)).filter(
        ({ event, subject }) => event === 'notice given up' && subject === tess.key.kid,
      );
      expect(given).toMatchObject([
        { actor: 'server', org: 'northfield', subject: tess.key.kid, detail: `phone_lost by push: ${fault}` },
      ]);
      expect(JSON.stringify(given)).not.toContain(new URL(endpoint).pathname);
      await unsubscribe(tess);
    },
  );

  it('has an address on the internet, whatever it says', async () => {
    const { keys, endpoint } = await service.subscribe('strange');
    const { port, pathname } = new URL(endpoint);
    const add = async (to: string, of = keys) =>
      (await tess.post('/api/notices', { subscribe: { endpoint: to, keys: of } })).status;
    for (const closed of [
      `https://127.0.0.2:${port}${pathname}`,
      'https://10.0.0.1/push',
      'https://169.254.169.254/latest/meta-data',
      'https://[::1]/push',
      'https://[::ffff:127.0.0.1]/push',
      'https://2130706433/push',
      'http://push.example.org/x',
      'https://user@push.example.org/x',
      'https://',
    ])
      expect([closed, await add(closed)]).toEqual([closed, 400]);
    expect(await add(endpoint, { ...keys, p256dh: `B${'A'.repeat(86)}` })).toBe(400);
    // A name is looked at when it is resolved: this one leads to this machine.
    expect(await add(`https://localhost:${port}${pathname}`)).toBe(200);
    await wish(tess, 'phone_lost', true);
    await endPhoneOf(tess);
    const before = came();
    await tell();
    expect([came() - before, await waiting()]).toEqual([0, { all: 1, failing: 1 }]);
    await unsubscribe(tess);
    now += HOUR;
    await tell();
    expect((await waiting()).all).toBe(0);
  });

  it('is its person’s alone: another one cannot take it out, and whoever uses it next has it', async () => {
    const subscription = await subscribe(tess, 'shared');
    const [own] = (await read(tess)).browsers;
    expect(own).toMatchObject({ label: expect.any(String) });
    await nadia.post('/api/notices', { unsubscribe: own?.id });
    expect((await read(tess)).browsers).toHaveLength(1);
    await nadia.post('/api/notices', { subscribe: subscription });
    expect((await read(tess)).browsers).toEqual([]);
    expect((await read(nadia)).browsers).toHaveLength(1);
    await unsubscribe(nadia);
  });

  it('has fifteen others beside it at most: the oldest gives way', async () => {
    for (let n = 0; n < 18; n++) {
      now += 1000;
      await subscribe(tess, `browser ${n}`);
    }
    expect((await read(tess)).browsers).toHaveLength(16);
    await unsubscribe(tess);
  });
});

describe('codes for an address', () => {
  let mailing: TestServer;
  let asked = 0;
  beforeAll(async () => {
    mailing = await startTestServer({
      // Nobody listens there: what waits to be sent is counted.
      mail: {
        ...{ host: '127.0.0.1', port: 1, security: 'tls', user: undefined, password: undefined },
        ...{ trustFile: undefined, from: 'field@example.org' },
      },
      ...{ clock: { now: () => now }, tell: HOUR },
    });
    const { people } = mailing.running.installation.stores;
    for (const operator of ['ada', 'ben', 'cleo', 'dora', 'emil']) {
      const person = { operator, name: operator, about: '', demoRole: 'installer', revokedAt: null } as const;
      await people.savePerson(person);
      await people.saveMembership(operator, 'northfield', 'installer');
    }
  });
  afterAll(() => closeFaultless(mailing));
  const ask = async (who: TestOperator, address: string) =>
    (await who.post('/api/notices', { address })).status;
  /** How many codes wait now more than when it was asked before. */
  const more = async () => {
    const { all } = await mailing.running.installation.stores.notices.waiting();
    const since = all - asked;
    asked = all;
    return since;
  };

  it('have a pause between them, though the address is taken out meanwhile', async () => {
    const ada = await mailing.signIn('ada');
    for (let n = 0; n < 8; n++) {
      await ask(ada, 'victim@example.org');
      expect(await ask(ada, '')).toBe(200);
    }
    expect(await more()).toBe(1);
    now += CODE_PAUSE;
    expect([await ask(ada, 'victim@example.org'), await more()]).toEqual([200, 1]);
  });

  it('are three in an hour to one address, however many people ask and however it is written', async () => {
    const answers: number[] = [];
    for (const [n, operator] of ['ben', 'cleo', 'dora', 'emil'].entries())
      answers.push(await ask(await mailing.signIn(operator), n % 2 ? 'Box@Example.org' : 'box@example.org'));
    expect([answers, await more()]).toEqual([[200, 200, 200, 429], 3]);
    expect(await ask(await mailing.signIn('emil'), 'another@example.org')).toBe(200);
    now += HOUR;
    expect(await ask(await mailing.signIn('emil'), 'box@example.org')).toBe(200);
    expect(await more()).toBe(2);
  });

  it('are ten in a day for one person, whatever the addresses', async () => {
    now += 24 * HOUR;
    const answers: number[] = [];
    for (let n = 0; n < 11; n++) {
      answers.push(await ask(await mailing.signIn('ben'), `box${n}@example.org`));
      now += CODE_PAUSE;
    }
    expect([answers, await more()]).toEqual([[...Array(10).fill(200), 429], 10]);
    now += 24 * HOUR;
    expect(await ask(await mailing.signIn('ben'), 'box@example.org')).toBe(200);
    await more();
  });
});

describe('this server', () => {
  it('says that it sends no mail, and takes no address', async () => {
    expect((await read(tess)).mail).toBe(false);
    const refused = await tess.post('/api/notices', { address: 'tess@example.org' });
    expect([refused.status, (refused.body as { code: string }).code]).toEqual([409, 'conflict']);
    const invited = await nadia.post('/api/invitations?org=northfield', {
      ...{ name: 'Ned', role: 'installer', email: 'ned@example.org' },
    });
    expect(invited).toMatchObject({ status: 200, body: { mailed: false } });
    expect((await waiting()).all).toBe(0);
  });

  it('keeps its push key sealed, and makes another one where its vault is lost', async () => {
    const { stores, sealer, transact } = server.running.installation;
    const sealed = (await stores.settings.setting('push-key')) ?? '';
    expect(sealed).not.toContain('PRIVATE');
    expect(sealer.open(sealed, 'push-key')).toContain('PRIVATE KEY');
    expect(sealer.open(sealed, 'another purpose')).toBeUndefined();
    await subscribe(tess, 'of the old key');
    const { pushKey } = await import('../../server/outside/notices/push-key.ts');
    const lost = {
      ...sealer,
      open: (text: string, purpose: string) => (text === sealed ? undefined : sealer.open(text, purpose)),
    };
    const parts = { stores, transact, contact: 'https://field.example.org' };
    const fresh = await pushKey({ ...parts, sealer: lost });
    expect(fresh.publicKey).not.toBe((await read(tess)).pushKey);
    expect((await read(tess)).browsers).toEqual([]);
    // Whoever comes next finds that one.
    expect((await pushKey({ ...parts, sealer })).publicKey).toBe(fresh.publicKey);
    const [, token = ''] = /t=([^,]+)/.exec(fresh.authorization('https://push.example.org/x', now)) ?? [];
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      ...{ aud: 'https://push.example.org', sub: 'https://field.example.org' },
    });
  });
});
