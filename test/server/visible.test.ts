import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listCsv } from '../../core/list-csv.ts';
import { runCommandLine } from '../../server/command-line.ts';
import { visible, visibleLine } from '../../server/faces/commands/visible.ts';
import { databaseOf } from '../support/database.ts';
import { fuzzed } from '../support/fuzzing.ts';
import { HANNA, OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { makeDevice, registrationOf, rowOf } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';

/** Sets the title, clears the screen, paints; the same by the second set; hides; begins a line of its own; turns text round. */
const STEERING = [
  '\u001b]0;owned\u0007\u001b[2J\u001b[1;31mall good\u001b[0m',
  '\u009b2J\u009d0;owned\u009c',
  'roof\u0008\u0008\u0008\u0008cellar',
  'roof\r\n2030-01-01\tnorthfield\trevoked',
  'roof\u202eraallec',
  'a\u2066b\u2069c\u200fd\u061ce',
  'x\u2028y\u2029z',
  '\u007f\u0000',
];
/** All that steers, but for the tab between cells and the end of a line. */
const STEERS = /[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const [ines, hanna] = [await server.signIn('ines'), await server.signIn('hanna')];
  const { stores } = server.running.installation;
  for (const words of [
    ['policy', 'set', '--org', 'northfield', '--quota', '500'],
    ['client', 'create', 'desk', '--org', 'northfield', '--rights', 'suspend', '--by', 'sam'],
    ['events', 'add', 'crm', '--org', 'northfield', '--to', 'https://crm.example.org/hook'],
  ])
    expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
  for (const [index, text] of STEERING.entries()) {
    const device = await server.listedDevice({
      row: { model: text, order: text.slice(0, 64), aliases: [text.replaceAll(';', ':')] },
    });
    const place = { site: text.slice(0, 64), position: text, photos: [] };
    await ines.submit('registration+jws', registrationOf(device, OAK_STREET, { place }), 'northfield');
    await hanna.submit('registration+jws', registrationOf(device, HANNA, { place }), 'hanna-home');
    const operator = `typed-${index}`;
    await stores.people.savePerson({ operator, name: text, about: text, demoRole: null, revokedAt: null });
    await stores.people.saveMembership(operator, 'northfield', 'installer');
  }
});
afterAll(() => closeFaultless(server));

async function run(words: readonly string[], watched = false): Promise<string> {
  const said: string[] = [];
  await runCommandLine(words, {
    env: {
      ...process.env,
      FIELDBIND_DATA: server.data,
      FIELDBIND_DATABASE_URL: (await databaseOf(server.data)) ?? '',
    },
    print: (line) => said.push(line),
    complain: (line) => said.push(line),
    watched,
  });
  return said.join('\n');
}

const named = ['--org', 'northfield', '--by', 'sam', '--because', STEERING[0] ?? ''];
describe('what people and devices typed steers no terminal', () => {
  it.each([
    ['due', '--within', '3650'],
    ['devices'],
    ['devices', '--json'],
    ['people', 'list'],
    ['operator', 'list'],
    ['domain', 'list'],
    ['transfer', 'list'],
    ['list', 'stale', '--org', 'northfield', '--older-than', '0'],
    ['policy', 'show', '--org', 'northfield'],
    ['client', 'list'],
    ['events', 'list'],
    ['ca', 'list'],
    ['audit', 'verify'],
    ['device', 'suspend', STEERING[0] ?? '', '--maker', STEERING[1] ?? '', ...named],
    ['revoke', '--udid', STEERING[0] ?? '', '--maker', STEERING[1] ?? ''],
    ['org', 'create', STEERING[0] ?? '', '--title', STEERING[1] ?? ''],
    [STEERING[0] ?? ''],
    ['list', 'import', STEERING[0] ?? '', '--org', 'northfield'],
    ['verify', STEERING[0] ?? ''],
  ])('in what %s %s prints', async (...words) => {
    const said = await run(words);
    expect(said).not.toMatch(STEERS);
    expect(said.length).toBeGreaterThan(0);
  });

  it('and shows what stood there, in its own line and its own cell', async () => {
    const said = await run(['due', '--within', '3650', '--org', 'northfield']);
    const lines = said.split('\n');
    expect(lines.filter((line) => line.includes('roof')).length).toBe(3);
    expect(said).toContain('\\u001b]0;owned\\u0007\\u001b[2J\\u001b[1;31mall good\\u001b[0m');
    expect(said).toContain('roof\\u000d\\u000a2030-01-01\\u0009northfield\\u0009revoked');
    for (const line of lines) expect(line.split('\t')).toHaveLength(6);
    for (const line of (await run(['devices', '--json'])).split('\n')) JSON.parse(line);
  });

  it('in a list that a person watches, and a file gets it byte for byte', async () => {
    const words = ['list', 'export', '--org', 'northfield'];
    expect(await run(words, true)).not.toMatch(STEERS);
    const file = await run(words);
    for (const text of STEERING) expect(file).toContain(text.slice(0, 3));
    const again = join(server.data, 'again.csv');
    writeFileSync(again, `${file}\r\n`);
    expect(await run(['list', 'import', again, '--org', 'northfield', '--by', 'sam'])).toContain(
      ` 0 imported, ${STEERING.length} unchanged, 0 with errors`,
    );
  });

  it('in the lines of a list that are refused', async () => {
    const device = await makeDevice();
    const file = join(server.data, 'bad.csv');
    const rows = STEERING.map((text) => rowOf(device, { udid: text, model: text }));
    writeFileSync(file, `${listCsv(rows)}=cmd,x\n`);
    expect(await run(['list', 'import', file, '--org', 'northfield', '--by', 'sam'])).not.toMatch(STEERS);
    writeFileSync(file, `udid,maker,${STEERING[0]}\n`);
    const said = await run(['list', 'import', file, '--org', 'northfield', '--by', 'sam']);
    expect(said).toContain('\\u001b]0;owned');
  });
});

describe('a text that is made visible', () => {
  it('steers nothing, whatever stands in it, and is otherwise as it was', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...STEERING));
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (cells) => {
        const line = visibleLine(cells);
        expect(line).not.toMatch(STEERS);
        expect(line).not.toContain('\n');
        expect(line.split('\t')).toHaveLength(cells.length);
        for (const cell of cells) {
          expect(JSON.parse(visible(JSON.stringify(cell)))).toBe(cell);
          if (!STEERS.test(cell) && !/[\t\n]/.test(cell)) expect(visible(cell)).toBe(cell);
        }
      }),
      fuzzed(20_000),
    );
    expect(visible('Ørsted 室外 गेट 🏠 👩‍🔧')).toBe('Ørsted 室外 गेट 🏠 👩‍🔧');
  });
});
