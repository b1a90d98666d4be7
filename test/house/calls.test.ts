import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { API } from '../../contract/api.ts';

/**
 * The pictures of `docs/calls.md` against the code: a column is a room that is there, or one of the few outside; a call
 * between rooms is an import, or goes by a port that both know; a call from phone to server is an operation of the API.
 */
const ROOT = new URL('../..', import.meta.url).pathname;
const OUTSIDE: ReadonlySet<string> = new Set(['person', 'the device', 'verifier', 'receiver', 'claimant']);

interface Call {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly isAnswer: boolean;
}

interface Picture {
  readonly columns: ReadonlyMap<string, string>;
  readonly calls: readonly Call[];
  /** Lines that are neither. */
  readonly rest: readonly string[];
}

function picturesIn(text: string): Picture[] {
  return [...text.matchAll(/^```mermaid\nsequenceDiagram\n([\s\S]*?)^```/gm)].map((match) =>
    pictureOf((match[1] ?? '').split('\n').map((line) => line.trim())),
  );
}

function pictureOf(lines: readonly string[]): Picture {
  const columns = new Map<string, string>();
  const calls: Call[] = [];
  const rest: string[] = [];
  for (const line of lines) {
    const column = /^participant (\w+)(?: as (.+))?$/.exec(line);
    const call = /^(\w+)(-?->>)(\w+): (.+)$/.exec(line);
    if (column !== null) columns.set(column[1] ?? '', column[2] ?? column[1] ?? '');
    else if (call !== null)
      calls.push({
        from: call[1] ?? '',
        to: call[3] ?? '',
        text: call[4] ?? '',
        isAnswer: call[2] === '-->>',
      });
    else if (line !== '') rest.push(line);
  }
  return { columns, calls, rest };
}

function faultsOf({ columns, calls, rest }: Picture): string[] {
  const isRoom = (name: string) => !OUTSIDE.has(name);
  const faults = rest.map((line) => `not understood: ${line}`);
  for (const name of columns.values())
    if (isRoom(name) && !existsSync(join(ROOT, name))) faults.push(`no such room: ${name}`);
  const called = new Set<string>();
  for (const { from, to, text, isAnswer } of calls) {
    const [a, b] = [columns.get(from), columns.get(to)];
    const say = (what: string) => faults.push(`${what}: ${a ?? from} → ${b ?? to}: ${text}`);
    if (a === undefined || b === undefined) {
      say('no such column');
    } else if (isAnswer) {
      if (!called.has(`${b} ${a}`)) say('an answer that nobody asked for');
    } else {
      called.add(`${a} ${b}`);
      if (isRoom(a) && isRoom(b) && a !== b && !isPossible(a, b, text)) say('not in the code');
    }
  }
  const used = new Set(calls.flatMap(({ from, to }) => [from, to]));
  for (const [id, name] of columns) if (!used.has(id)) faults.push(`an idle column: ${name}`);
  return faults;
}

const sideOf = (room: string) => (room.startsWith('server') ? 'server' : 'src');

function isPossible(from: string, to: string, text: string): boolean {
  if (sideOf(from) !== sideOf(to)) return from === 'src/backend' && isOperation(text);
  const port = /\(port ([a-z-]+)\)$/.exec(text)?.[1];
  if (port === undefined) return importsOf(from).some((file) => isWithin(file, to));
  const file = `${sideOf(from)}/ports/${port}.ts`;
  return importsOf(from).includes(file) && importsOf(to).includes(file);
}

function isOperation(text: string): boolean {
  const call = /\b(?:GET|POST) \/api\/\S+/.exec(text)?.[0];
  return Object.values(API).some(
    ({ method, path }) => call === `${method} ${path.replace(/:(\w+)/g, '{$1}')}`,
  );
}

const isWithin = (file: string, room: string) => file === room || file.startsWith(`${room}/`);

/** Our own files that a room names, of types too. */
function importsOf(room: string): string[] {
  return filesOf(room).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)]
      .map((match) => normalize(join(dirname(file), match[1] ?? '')))
      .filter((target) => !isWithin(target, room)),
  );
}

function filesOf(room: string): string[] {
  if (!existsSync(join(ROOT, room))) return [];
  if (statSync(join(ROOT, room)).isFile()) return [room];
  return readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('node_modules'))
    .map((file) => `${room}/${file}`);
}

describe('the pictures of who calls whom', () => {
  const text = readFileSync(join(ROOT, 'docs/calls.md'), 'utf8');
  const pictures = picturesIn(text);

  it('are of bind, renew, move, revoke and transfer', () => {
    const parts = text.split(/^## /m).slice(1);
    expect(parts.map((part) => part.split('\n')[0])).toEqual(['Bind', 'Renew', 'Move', 'Revoke', 'Transfer']);
    for (const part of parts) expect(picturesIn(part).length).toBeGreaterThan(0);
    expect(pictures).toHaveLength(text.split('```mermaid').length - 1);
  });

  it.each(pictures.map((picture, index) => [index + 1, picture] as const))(
    'number %i is so in the code',
    (_, picture) => {
      expect(faultsOf(picture)).toEqual([]);
    },
  );

  const planted: readonly (readonly [string, string])[] = [
    ['participant a as server/nowhere\na->>a: x', 'no such room: server/nowhere'],
    [
      'participant a as server/faces/est\nparticipant b as server/authority/keys\na->>b: sign',
      'not in the code: server/faces/est → server/authority/keys: sign',
    ],
    [
      'participant a as server/authority/ra/records\nparticipant b as server/authority/ca\na->>b: sign (port photos)',
      'not in the code: server/authority/ra/records → server/authority/ca: sign (port photos)',
    ],
    [
      'participant a as src/backend\nparticipant b as server/faces/http\na->>b: GET /api/nothing',
      'not in the code: src/backend → server/faces/http: GET /api/nothing',
    ],
    [
      'participant a as src/sync\nparticipant b as server/faces/http\na->>b: POST /api/records',
      'not in the code: src/sync → server/faces/http: POST /api/records',
    ],
    [
      'participant person\nparticipant b as src/ui\nb-->>person: done',
      'an answer that nobody asked for: src/ui → person: done',
    ],
    ['participant a as src/ui\na->>c: x', 'no such column: src/ui → c: x'],
    ['participant person\nNote over person: x\nperson->>person: y', 'not understood: Note over person: x'],
    ['participant person\nparticipant b as src/ui\nperson->>person: y', 'an idle column: src/ui'],
  ];
  it.each(planted)('would notice: %s', (lines, fault) => {
    expect(faultsOf(pictureOf(lines.split('\n')))).toEqual([fault]);
  });
});
