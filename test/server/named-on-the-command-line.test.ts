import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listHeader } from '../../core/list-csv.ts';
import { commandLine, isCommandLine, personOf } from '../../server/trail/actors.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import type { TestOperator } from '../support/server-operator.ts';
import { trailOf } from '../support/trail.ts';

let server: TestServer;
let ines: TestOperator;
let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldbind-named-'));
  server = await startTestServer();
  const { people } = server.running.installation.stores;
  const person = { about: '', demoRole: null, revokedAt: null };
  await people.savePerson({ operator: 'rita', name: 'Rita', ...person });
  await people.saveMembership('rita', 'northfield', 'administrator');
  await people.savePerson({ operator: 'gone', name: 'Gone', ...person });
  await people.saveMembership('gone', 'northfield', 'administrator');
  await people.revokePerson('gone', '2026-01-01T00:00:00.000Z');
  ines = await server.signIn('ines');
  writeFileSync(at('list.csv'), listHeader(true));
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(at('key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeFaultless(server);
});

async function bound(): Promise<TestDevice> {
  const device = await server.listedDevice();
  const change = await ines.submit('registration+jws', registrationOf(device, OAK_STREET), 'northfield');
  expect(change).toMatchObject({ outcome: 'bound' });
  return device;
}

async function actorsOf(subject: string): Promise<string[]> {
  const all = await trailOf(server.running.installation.stores);
  return all.filter((entry) => entry.subject.includes(subject)).map(({ actor }) => actor);
}

/** Each command that takes --by, on northfield: what it needs beside that, and whether an owner there might do it too. */
const CALLS: readonly (readonly [string, (device: TestDevice) => readonly string[]])[] = [
  ['revoke', (d) => ['revoke', ...nameOf(d), '--reason', 'keyCompromise']],
  ['tombstone lift', (d) => ['tombstone', 'lift', ...nameOf(d), '--reason', 'found']],
  ['device suspend', (d) => ['device', 'suspend', ...nameOf(d), '--reason', 'lost', ...WHY]],
  ['device resume', (d) => ['device', 'resume', ...nameOf(d), ...WHY]],
  ['device retire', (d) => ['device', 'retire', ...nameOf(d), ...WHY]],
  ['device replace', (d) => ['device', 'replace', ...nameOf(d), '--with', 'acme-other', ...WHY]],
  ['policy set', () => ['policy', 'set', ...ORG, '--static', 'bind']],
  ['policy clear', () => ['policy', 'clear', ...ORG]],
  ['client create', () => ['client', 'create', 'crm', ...ORG, '--rights', 'suspend']],
  ['events add', () => ['events', 'add', 'hook', ...ORG, '--to', 'https://example.org/x']],
  ['list import', () => ['list', 'import', at('list.csv'), ...ORG]],
  ['list hand-on', () => ['list', 'hand-on', ...ORG, '--to-maker', 'box']],
  ['list stale', () => ['list', 'stale', ...ORG, '--older-than', '1', '--hold']],
  ['maker-key add', () => ['maker-key', 'add', at('key.pem'), '--maker', 'signed', ...ORG]],
  ['maker-key end', () => ['maker-key', 'end', 'A'.repeat(43), ...ORG]],
  ['operator join', () => ['operator', 'join', 'hanna', ...ORG, '--role', 'owner']],
  ['operator leave', () => ['operator', 'leave', 'ada', ...ORG]],
  ['operator revoke', () => ['operator', 'revoke', 'ada']],
];
const ORG = ['--org', 'northfield'] as const;
const WHY = ['--because', 'as agreed'] as const;
const nameOf = ({ udid, maker }: TestDevice) => ['--udid', udid, '--maker', maker];

describe('whom --by names', () => {
  it.each(CALLS)('with %s exists, is not revoked, and has the right there', async (_, words) => {
    const device = await bound();
    const before = (await trailOf(server.running.installation.stores)).length;
    for (const [by, why] of [
      ['nobody', 'a person known here'],
      ['gone', 'revoked'],
      ['hanna', 'may not do this in northfield'],
      ['ines', 'may not do this in northfield'],
    ] as const) {
      const refused = await server.fieldbind(...words(device), '--by', by);
      expect([by, refused.code, refused.out]).toEqual([by, 2, expect.stringContaining(why)]);
    }
    expect((await trailOf(server.running.installation.stores)).length).toBe(before);
  });

  it('stands on the trail as a name on the command line, whatever was done', async () => {
    const device = await bound();
    for (const words of [
      ['device', 'suspend', ...nameOf(device), '--reason', 'maintenance', ...WHY],
      ['device', 'resume', ...nameOf(device), ...WHY],
      ['revoke', ...nameOf(device), '--reason', 'keyCompromise'],
      ['tombstone', 'lift', ...nameOf(device), '--reason', 'found'],
    ])
      expect((await server.fieldbind(...words, '--by', 'sam')).code).toBe(0);
    const byPeople = (await actorsOf(device.udid)).filter((actor) => /sam|command/.test(actor));
    expect(new Set(byPeople)).toEqual(new Set(['command line (sam)']));
    const key = await server.fieldbind(
      'maker-key',
      'add',
      at('key.pem'),
      '--maker',
      'fine',
      ...ORG,
      '--by',
      'sam',
    );
    expect(key.code).toBe(0);
    expect(await actorsOf('fine')).toEqual(['command line (sam)']);
    expect((await server.fieldbind('maker-key', 'list', ...ORG)).out).toContain('command line (sam)');
  });

  it('has the right where the device is bound, wherever else that person works', async () => {
    const device = await bound();
    const { people } = server.running.installation.stores;
    await people.saveMembership('hanna', 'hanna-home', 'administrator');
    const words = ['revoke', ...nameOf(device), '--reason', 'keyCompromise', '--by', 'hanna'];
    expect(await server.fieldbind(...words)).toMatchObject({ code: 2 });
    expect(await server.running.installation.stores.liveBindings.byName('acme', device.udid)).toBeDefined();
    await people.saveMembership('hanna', 'hanna-home', 'owner');
  });

  it('decides a claim for the owner of the device, not for who claims it', async () => {
    const device = await bound();
    const hanna = await server.signIn('hanna');
    const claim = registrationOf(device, HANNA);
    expect(await hanna.submit('registration+jws', claim, 'hanna-home')).toMatchObject({
      code: 'transfer_case',
    });
    const { body } = await (await server.signIn('sam')).get('/api/transfers?org=northfield');
    const id = (body as { transfers: { id: string; udid: string }[] }).transfers.find(
      ({ udid }) => udid === device.udid,
    )?.id;
    const decide = (by: string) =>
      server.fieldbind('transfer', 'decide', id ?? '', '--decision', 'give-up', ...WHY, '--by', by);
    for (const by of ['hanna', 'ines']) expect(await decide(by)).toMatchObject({ code: 2 });
    // Whoever captured the claim cannot decide it, also when named from the shell.
    const { people } = server.running.installation.stores;
    await people.saveMembership('hanna', 'northfield', 'owner');
    expect(await decide('hanna')).toMatchObject({ code: 1, out: 'own_record\n' });
    await people.endMembership('hanna', 'northfield');
    expect(await decide('sam')).toMatchObject({ code: 0, out: expect.stringContaining('offered') });
    expect(await decide('rita')).toMatchObject({ code: 1, out: expect.stringContaining('two sign-ins') });
    expect(await hanna.outcome(claim.id, 'hanna-home')).toMatchObject({ outcome: 'refused' });
    expect(await actorsOf(device.udid)).toContain('command line (sam)');
  });

  it('may be left out where the command does not ask for it, and the trail says so', async () => {
    expect((await server.fieldbind('policy', 'set', ...ORG, '--static', 'bind')).code).toBe(0);
    expect(await actorsOf('northfield')).toContain('command line (nobody named)');
  });
});

describe('a person', () => {
  it('who was revoked is not made a member, and is told so', async () => {
    const joined = await server.fieldbind('operator', 'join', 'gone', ...ORG, '--role', 'approver');
    expect(joined).toMatchObject({ code: 1, out: expect.stringContaining('was revoked') });
  });

  it('leaves one organisation: an open session has no right there from then on, and the rest stays', async () => {
    await server.fieldbind('operator', 'join', 'ada', '--org', 'hanna-home', '--role', 'support');
    const ada = await server.signIn('ada');
    expect((await ada.get('/api/approvals?org=northfield')).status).toBe(200);
    expect(await server.fieldbind('operator', 'leave', 'ada', ...ORG, '--by', 'rita')).toEqual({
      code: 0,
      out: 'ada has left northfield\n',
    });
    expect((await ada.get('/api/approvals?org=northfield')).status).toBe(403);
    expect((await ada.get('/api/approvals?org=hanna-home')).status).toBe(200);
    expect(await actorsOf('ada')).toContain('command line (rita)');
    expect(await server.fieldbind('operator', 'leave', 'ada', ...ORG)).toMatchObject({
      code: 1,
      out: expect.stringContaining('no member'),
    });
    await server.fieldbind('operator', 'join', 'ada', ...ORG, '--role', 'approver');
    await server.fieldbind('operator', 'leave', 'ada', '--org', 'hanna-home');
  });

  it('is not the last administrator to leave, nor to become something else', async () => {
    for (const words of [
      ['leave', 'rita', ...ORG],
      ['join', 'rita', ...ORG, '--role', 'support'],
    ])
      expect(await server.fieldbind('operator', ...words)).toMatchObject({
        code: 1,
        out: expect.stringContaining('last administrator'),
      });
    // A revoked administrator is none.
    await server.fieldbind('operator', 'join', 'hanna', ...ORG, '--role', 'administrator');
    expect((await server.fieldbind('operator', 'leave', 'rita', ...ORG)).code).toBe(0);
    await server.fieldbind('operator', 'join', 'rita', ...ORG, '--role', 'administrator');
    expect((await server.fieldbind('operator', 'leave', 'hanna', ...ORG)).code).toBe(0);
  });

  it('who left is not put back by a restart', async () => {
    const data = at('restarted');
    const first = await startTestServer({ data });
    expect((await first.fieldbind('operator', 'leave', 'ines', ...ORG)).code).toBe(0);
    await first.close();
    const again = await startTestServer({ data });
    const memberships = await again.running.installation.stores.people.memberships('ines');
    expect(memberships.map(({ org }) => org)).toEqual(['training']);
    await again.close();
  });
});

describe('an actor', () => {
  it('is the same person, signed in or named on the command line, and nobody else', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), fc.string(), (name, other) => {
        expect(personOf(commandLine(name))).toBe(personOf(name));
        expect([isCommandLine(commandLine(name)), isCommandLine(name)]).toEqual([true, false]);
        fc.pre(other !== name);
        expect(personOf(commandLine(other))).not.toBe(personOf(name));
      }),
    );
  });
});
