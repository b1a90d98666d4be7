import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whereFrom } from '../../server/faces/refused-calls.ts';
import type { AuditFacts } from '../../server/ports/audit-log.ts';
import { accessTrail, MOST_KINDS } from '../../server/trail/access-trail.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { trailOf } from '../support/trail.ts';

let server: TestServer;
let folder: string;
const now = Date.parse('2026-03-01T10:00:00.000Z');
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-access-'));
  server = await startTestServer({ clock: { now: () => now } });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeFaultless(server);
});

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url, ...headers },
    body: JSON.stringify(body),
  });

async function entries(): Promise<string[]> {
  const all = await trailOf(server.running.installation.stores);
  return all
    .filter(({ step }) => step === 'access')
    .map(({ event, actor, subject, detail }) => [event, actor, subject, detail].join(' | '));
}

describe('on the trail', () => {
  it('is who signed in, signed out and was refused, without a word of what was sent', async () => {
    const sam = await server.signIn('sam');
    await sam.post('/api/sign-out', {});
    expect((await post('/api/sign-in', { operator: 'hunter2' })).status).toBe(401);
    await server.running.installation.stores.people.revokePerson('ada', '2026-01-01T00:00:00.000Z');
    expect((await post('/api/sign-in', { operator: 'ada' })).status).toBe(401);
    const ines = await server.signIn('ines');
    expect((await ines.get('/api/approvals?org=northfield')).status).toBe(403);
    expect((await ines.get('/api/devices?org=nowhere')).status).toBe(403);
    expect((await fetch(`${server.url}/api/session`)).status).toBe(401);
    expect((await post('/api/sign-in', { operator: 'sam' }, { origin: 'https://evil.example' })).status).toBe(
      403,
    );
    await expect
      .poll(entries)
      .toEqual(
        expect.arrayContaining([
          'signed in | sam | sam | ',
          'signed out | sam | sam | ',
          'sign-in refused | nobody signed in | an unknown name | ',
          'sign-in refused | nobody signed in | ada | ',
          'call refused | ines | forbidden | ',
          'call refused | nobody signed in, this machine | unauthenticated | ',
          'call refused | nobody signed in, this machine | origin_refused | ',
        ]),
      );
    const trail = JSON.stringify(await trailOf(server.running.installation.stores));
    for (const secret of ['hunter2', 'evil.example', 'nowhere', '127.0.0.1', sam.cookie])
      expect(trail).not.toContain(secret);
  });

  it('is a flood in two entries a minute: the first, and how many followed', async () => {
    const data = join(folder, 'flooded');
    const flooded = await startTestServer({ data, databaseUrl: '', clock: { now: () => now } });
    const signIn = (operator: string) =>
      fetch(`${flooded.url}/api/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: flooded.url },
        body: JSON.stringify({ operator }),
      });
    for (let n = 0; n < 50; n++) expect((await signIn(`nobody-${n}`)).status).toBe(401);
    await flooded.close();
    const again = await startTestServer({ data, databaseUrl: '', clock: { now: () => now } });
    const told = (await trailOf(again.running.installation.stores)).filter(
      ({ event }) => event === 'sign-in refused',
    );
    const minute = '49 more in the minute from 2026-03-01T10:00:00.000Z';
    expect(told.map(({ detail }) => detail)).toEqual(['', minute]);
    await again.close();
  });

  it('is what leaves the installation or comes back: exports, and each copy of the database', async () => {
    await server.fieldbind('audit', 'export', '--to', join(folder, 'trail'));
    await server.fieldbind('list', 'export', '--org', 'northfield');
    await server.fieldbind('backup', '--to', join(folder, 'copy'));
    // Beside a running server nothing moves, and nothing is said of it (copy.test.ts has the rest).
    expect((await server.fieldbind('move', '--to', join(folder, 'moved'))).code).toBe(2);
    const all = await trailOf(server.running.installation.stores);
    const made = all.filter(
      ({ actor, event }) => actor.startsWith('command line') && !/role|person/.test(event),
    );
    expect(made.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['trail exported', 'list exported', 'backup begun']),
    );
    expect(made.map(({ event }) => event)).not.toContain('move begun');
    // 3: nothing may have been sealed yet.
    expect([0, 3]).toContain((await server.fieldbind('audit', 'verify')).code);
  });

  it('is each role that was given, changed and taken', async () => {
    await server.fieldbind('operator', 'join', 'hanna', '--org', 'northfield', '--role', 'installer');
    await server.fieldbind('operator', 'join', 'hanna', '--org', 'northfield', '--role', 'support');
    await server.fieldbind('operator', 'leave', 'hanna', '--org', 'northfield');
    const all = await trailOf(server.running.installation.stores);
    const roles = all.filter(({ event, subject }) => /^role/.test(event) && subject === 'hanna');
    expect(roles.map(({ event, org, detail }) => [event, org, detail])).toEqual([
      ['role given', 'northfield', 'installer'],
      ['role given', 'northfield', 'support, before: installer'],
      ['role taken', 'northfield', 'support'],
    ]);
  });
});

describe('counting', () => {
  /** Notes over a trail in memory. */
  function notes() {
    const written: AuditFacts[] = [];
    let time = 0;
    let broken = false;
    const append = async (facts: AuditFacts) => void written.push(facts);
    const access = accessTrail({
      clock: { now: () => time },
      transact: async (work) => {
        if (broken) throw new Error('away');
        return work({ audit: { append } as never });
      },
    });
    return {
      written,
      access,
      at: (value: number) => {
        time = value;
      },
      break: (value: boolean) => {
        broken = value;
      },
    };
  }
  const fact = (actor: string) =>
    ({ event: 'call refused', actor, org: null, subject: 'forbidden' }) as const;

  it('loses nothing but who it was of more kinds than are kept apart, whatever comes when', async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('note' as const), who: fc.nat({ max: 400 }) }),
        fc.record({ kind: fc.constant('later' as const), by: fc.integer({ min: -120_000, max: 120_000 }) }),
        fc.record({ kind: fc.constant('settle' as const) }),
      ),
      { maxLength: 400 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { written, access, at } = notes();
        let time = 1_700_000_000_000;
        let noted = 0;
        let turns = 1;
        at(time);
        for (const step of all) {
          if (step.kind === 'note') {
            noted++;
            await access.note(fact(`p${step.who}`));
          } else if (step.kind === 'settle') await access.settle();
          else {
            time += step.by;
            turns++;
            at(time);
          }
        }
        await access.settle(true);
        const count = ({ detail }: AuditFacts) => Number(/^(\d+) more/.exec(detail)?.[1] ?? 1);
        expect(written.reduce((sum, one) => sum + count(one), 0)).toBe(noted);
        expect(written.length).toBeLessThanOrEqual(2 * (MOST_KINDS + 1) * turns);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps what could not be written for the next time', async () => {
    const it = notes();
    await it.access.note(fact('ines'));
    await it.access.note(fact('ines'));
    it.at(60_000);
    it.break(true);
    await expect(it.access.settle()).rejects.toThrow('away');
    it.break(false);
    await it.access.settle();
    expect(it.written.map(({ detail }) => detail)).toEqual([
      '',
      expect.stringMatching(/^1 more in the minute/),
    ]);
  });
});

describe('an address', () => {
  it.each([
    ['127.0.0.1', 'this machine'],
    ['::1', 'this machine'],
    ['::ffff:127.0.0.1', 'this machine'],
    ['10.1.2.3', 'a private network'],
    ['172.31.0.1', 'a private network'],
    ['172.32.0.1', 'elsewhere'],
    ['192.168.1.1', 'a private network'],
    ['100.64.0.1', 'a private network'],
    ['100.128.0.1', 'elsewhere'],
    ['fd00::1', 'a private network'],
    ['fe80::1%eth0', 'a private network'],
    ['2001:db8::1', 'elsewhere'],
    ['203.0.113.7', 'elsewhere'],
    ['nonsense', 'elsewhere'],
  ])('%s is only said to be of %s', (ip, words) => expect(whereFrom(ip)).toBe(words));
});
