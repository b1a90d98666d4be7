import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EnrolChallenge } from '../../contract/operator.ts';
import type { OwnSession, OwnSessions } from '../../contract/own-session.ts';
import { toInstant } from '../../core/instant.ts';
import { signIn } from '../../server/accounts/sign-in.ts';
import { readConfig } from '../../server/config/config.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { makeOperatorKey, type Reply, TestOperator } from '../support/server-operator.ts';
import { trailOf } from '../support/trail.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let server: TestServer;
let now = 1_800_000_000_000;
beforeAll(async () => {
  server = await startTestServer({ clock: { now: () => now } });
  const { people } = server.running.installation.stores;
  for (const [operator, role] of [
    ['nadia', 'administrator'],
    ['tess', 'installer'],
  ] as const) {
    await people.savePerson({ operator, name: operator, about: '', demoRole: role, revokedAt: null });
    await people.saveMembership(operator, 'northfield', role);
  }
});
/** Each test begins with nobody signed in. */
beforeEach(() => {
  now += 91 * DAY;
});
afterAll(() => closeFaultless(server));

const isIn = async (phone: TestOperator) => (await phone.get('/api/session')).status === 200;
async function sessionsOf(phone: TestOperator): Promise<readonly OwnSession[]> {
  const { status, body } = await phone.get('/api/sessions');
  return status === 200 ? (body as OwnSessions).sessions : [];
}
const idOf = async (phone: TestOperator) => (await sessionsOf(phone)).find(({ own }) => own)?.id ?? '';

describe('a session', () => {
  it('ends when nobody used it for thirty days, and not while somebody does', async () => {
    const phone = await server.signIn('ines');
    now += 29 * DAY;
    expect(await isIn(phone)).toBe(true);
    now += 29 * DAY;
    expect(await isIn(phone)).toBe(true);
    now += 30 * DAY;
    expect(await isIn(phone)).toBe(false);
  });

  it('ends after ninety days, however often it is used', async () => {
    const phone = await server.signIn('ines');
    for (let day = 10; day < 90; day += 10) {
      now += 10 * DAY;
      expect(await isIn(phone)).toBe(true);
    }
    now += 10 * DAY - 1;
    expect(await isIn(phone)).toBe(true);
    now += 1;
    expect(await isIn(phone)).toBe(false);
  });

  it('outlives a clock that was ahead for a moment, and none that is set back to before it began', async () => {
    const phone = await server.signIn('ines');
    now += 2 * DAY;
    expect(await isIn(phone)).toBe(true);
    now -= 2 * DAY;
    expect(await isIn(phone)).toBe(true);
    now -= DAY;
    expect(await isIn(phone)).toBe(false);
  });

  it('of before this was kept goes on, and is noted from its next use', async () => {
    const phone = await server.signIn('ines');
    const { stores } = server.running.installation;
    const hash = await idOf(phone);
    const expiresAt = toInstant(now + 2 * DAY);
    await stores.sessions.remove(hash);
    await stores.sessions.create({ hash, operator: 'ines', expiresAt });
    expect(await sessionsOf(phone)).toMatchObject([
      { begunAt: toInstant(now - 5 * DAY), seenAt: toInstant(now) },
    ]);
    now += 2 * DAY;
    expect(await isIn(phone)).toBe(false);
  });

  it('is noted every ten minutes at most, and goes on where nothing can be written', async () => {
    const { stores, clock, crypto } = server.running.installation;
    const written: string[] = [];
    const touch = async (_: string, at: string) => {
      written.push(at);
      throw new Error('the disk is full');
    };
    const sessions = { ...stores.sessions, touch };
    const access = { note: async () => undefined, settle: async () => undefined };
    const { transact } = server.running.installation;
    const signedIn = signIn({ stores: { ...stores, sessions }, transact, clock, crypto, access });
    const { token } = (await signedIn.asDemo('sam', 'Chrome on Android')) ?? { token: '' };
    for (const minutes of [1, 5, 5, 11]) {
      now += minutes * MINUTE;
      expect(await signedIn.find(token)).toMatchObject({ operator: 'sam' });
    }
    expect(written).toEqual([toInstant(now - 11 * MINUTE), toInstant(now)]);
  });
});

describe('one’s own sessions', () => {
  it('are listed, the one used last first, and each is ended from any of them', async () => {
    const [here, there] = [await server.signIn('ines'), await server.signIn('ines')];
    const colleague = await server.signIn('sam');
    now += HOUR;
    expect(await sessionsOf(here)).toMatchObject([
      {
        own: true,
        begunAt: toInstant(now - HOUR),
        seenAt: toInstant(now),
        expiresAt: toInstant(now + 30 * DAY),
      },
      { own: false, begunAt: toInstant(now - HOUR), seenAt: toInstant(now - HOUR) },
    ]);
    const [, other] = await sessionsOf(here);
    const end = (phone: TestOperator, id = '') => phone.post(`/api/sessions/${id}`, {});
    // Nobody else ends it, and who asks learns nothing of it.
    expect((await end(colleague, other?.id)).status).toBe(404);
    expect((await end(here, 'A'.repeat(43))).status).toBe(404);
    expect((await end(here, 'short')).status).toBe(400);
    expect((await end(here, other?.id)).status).toBe(200);
    expect((await end(here, other?.id)).status).toBe(404);
    expect([await isIn(here), await isIn(there), await isIn(colleague)]).toEqual([true, false, true]);
    const own = await end(here, await idOf(here));
    expect(own.headers.get('set-cookie')).toContain('Expires=Thu, 01 Jan 1970');
    expect(await isIn(here)).toBe(false);
  });

  it('that ended are not listed', async () => {
    const phone = await server.signIn('ines');
    const other = await server.signIn('ines');
    now += 20 * DAY;
    expect(await isIn(phone)).toBe(true);
    now += 20 * DAY;
    expect(await sessionsOf(phone)).toHaveLength(1);
    expect(await isIn(other)).toBe(false);
  });
});

describe('an administrator', () => {
  const end = (by: TestOperator, operator: string, org = 'northfield', because = 'lost her phone') =>
    by.post(`/api/people/${operator}/sessions?org=${org}`, { because });

  it('ends all sessions of a member, who may sign in again, with a reason on the trail', async () => {
    const nadia = await server.signIn('nadia');
    const phones = [await server.signIn('tess'), await server.signIn('tess')];
    expect((await end(nadia, 'tess', 'northfield', ' \t')).status).toBe(400);
    expect(await end(nadia, 'tess')).toMatchObject({ status: 200, body: { ended: 2 } });
    for (const phone of phones) expect(await isIn(phone)).toBe(false);
    expect(await end(nadia, 'tess')).toMatchObject({ status: 200, body: { ended: 0 } });
    expect(await isIn(await server.signIn('tess'))).toBe(true);
    const trail = await trailOf(server.running.installation.stores);
    expect(trail.filter(({ event }) => event === 'sessions ended')).toMatchObject([
      { actor: 'nadia', org: 'northfield', subject: 'tess', detail: '2 sessions; because: lost her phone' },
      { actor: 'nadia', subject: 'tess', detail: '0 sessions; because: lost her phone' },
    ]);
  });

  it('ends nobody’s of another organisation, and nobody else ends any', async () => {
    const nadia = await server.signIn('nadia');
    const hanna = await server.signIn('hanna');
    const sam = await server.signIn('sam');
    const statuses = async (...replies: Promise<Reply>[]) =>
      (await Promise.all(replies)).map(({ status }) => status);
    expect(await statuses(end(nadia, 'hanna'), end(nadia, 'nobody'))).toEqual([404, 404]);
    expect(await statuses(end(nadia, 'hanna', 'hanna-home'), end(sam, 'tess'))).toEqual([403, 403]);
    expect(await statuses(end(hanna, 'hanna', 'hanna-home'))).toEqual([403]);
    expect(await isIn(hanna)).toBe(true);
  });

  it('does so by command too', async () => {
    const phone = await server.signIn('tess');
    const words = ['operator', 'sign-out', 'tess', '--by', 'nadia', '--because', 'left the van open'];
    // Whom the API refuses the command line refuses too.
    for (const by of ['sam', 'hanna', 'nobody'])
      expect(await server.fieldbind(...words.with(4, by))).toMatchObject({ code: 2 });
    expect(await isIn(phone)).toBe(true);
    expect(await server.fieldbind(...words)).toEqual({ code: 0, out: '1 sessions ended\n' });
    expect(await isIn(phone)).toBe(false);
    expect((await server.fieldbind('operator', 'sign-out', 'nobody', ...words.slice(3))).code).toBe(1);
  });
});

describe('a new operator key', () => {
  /** Enrols this key on a session that is there. */
  async function enrol(by: TestOperator, phone = by): Promise<Reply> {
    const { nonce } = (await by.post('/api/operator-keys/challenge', {})).body as EnrolChallenge;
    return by.post('/api/operator-keys', { proof: await phone.proof(nonce) });
  }
  const anotherKey = async (by: TestOperator) =>
    new TestOperator(server.url, by.cookie, by.session, await makeOperatorKey());

  it('is enrolled within an hour after signing in, and a sign-in again makes it so', async () => {
    const phone = await server.signIn('ines');
    now += HOUR;
    expect((await enrol(phone, await anotherKey(phone))).status).toBe(200);
    now += MINUTE;
    const late = await enrol(phone, await anotherKey(phone));
    expect(late).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect((late.body as { detail: string }).detail).toContain('sign in again');
    // The session is as good as before for all else, and so is the key that it has.
    expect(await isIn(phone)).toBe(true);
    now += 2 * DAY;
    expect((await enrol(phone)).status).toBe(200);
    const again = await server.signIn('ines', await makeOperatorKey());
    expect((await enrol(again)).status).toBe(200);
  });

  it('is not enrolled by a session that began at another time than the clock knows', async () => {
    const phone = await server.signIn('ines');
    now -= 2 * HOUR;
    expect((await enrol(phone, await anotherKey(phone))).status).toBe(401);
    now += 2 * HOUR;
    expect((await enrol(phone, await anotherKey(phone))).status).toBe(200);
  });
});

describe('demo people', () => {
  it('are made and sign in unless they are switched off, and then their sessions are worth nothing', async () => {
    const data = mkdtempSync(join(tmpdir(), 'fieldbind-demo-'));
    const start = (demo: boolean) => startTestServer({ data, demo });
    try {
      const without = await start(false);
      const { stores } = without.running.installation;
      expect([await stores.people.people(), await stores.domains.domains()]).toEqual([[], []]);
      expect(await stores.orgs.org('northfield')).toBeUndefined();
      await expect(without.signIn('ines')).rejects.toThrow('401');
      await closeFaultless(without);

      const before = await start(true);
      const { cookie } = await before.signIn('ines');
      await closeFaultless(before);

      const after = await start(false);
      const get = async (path: string) => await fetch(after.url + path, { headers: { cookie } });
      expect((await get('/api/session')).status).toBe(401);
      expect(await (await get('/api/sign-in')).json()).toEqual({ demo: [] });
      await expect(after.signIn('ines')).rejects.toThrow('401');
      await closeFaultless(after);
    } finally {
      rmSync(data, { recursive: true });
    }
  });

  it('are switched by a word that is understood', () => {
    const demo = (word?: string) => readConfig({ FIELDBIND_DEMO: word }).demo;
    expect([demo(), demo(''), demo('on'), demo('1')]).toEqual([true, true, true, true]);
    expect([demo('off'), demo('0')]).toEqual([false, false]);
    for (const word of ['OFF', 'false', '2', 'no', 'off '])
      expect(() => demo(word)).toThrow('FIELDBIND_DEMO');
  });
});
