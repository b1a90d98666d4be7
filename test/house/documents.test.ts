import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { USAGE } from '../../simulator/arguments.ts';
import { commandUsages } from '../support/command-usages.ts';

/**
 * Documents say only what is there: paths, links, commands with their options, variables. What they show as code (spans,
 * fences, indented lines) is read; prose is not.
 */
const ROOT = new URL('../..', import.meta.url).pathname;
const ROOMS = [
  '.ci',
  '.github',
  'contract',
  'core',
  'docs',
  'public',
  'server',
  'simulator',
  'src',
  'sw',
  'test',
  'tools',
];
const SOURCE_FILE = /\.(?:ts|tsx|mts|js|mjs|json|css|html|md|ya?ml)$/;
/** What npm itself does. */
const NPM_VERBS: ReadonlySet<string> = new Set(['install', 'ci', 'run']);
/** Where somebody worked is nobody's business. */
const PRIVATE = ['/home/', '/root/', '/tmp/', 'shared/'];

interface Document {
  readonly file: string;
  readonly text: string;
}

/** What documents are held against. */
interface World {
  readonly exists: (path: string) => boolean;
  readonly read: (path: string) => string;
  readonly scripts: ReadonlySet<string>;
  /** Usage lines of the administration commands. */
  readonly usages: readonly string[];
  readonly deviceUsage: string;
  readonly serverSource: string;
}

function faultsOf(document: Document, world: World): string[] {
  const code = codeOf(document.text);
  return [
    ...pathsIn(code)
      .filter((path) => !world.exists(path))
      .map((path) => `no such path: ${path}`),
    ...linksIn(document.text).flatMap((link) => linkFault(document.file, link, world)),
    ...scriptsIn(code)
      .filter((script) => !world.scripts.has(script))
      .map((script) => `no such npm command: ${script}`),
    ...callsOf('fieldbind', code).flatMap((call) => commandFault(call, world.usages)),
    ...callsOf('device', code).flatMap((call) => optionFaults(call, world.deviceUsage)),
    ...variablesIn(document.text)
      .filter((name) => !new RegExp(`\\b${name}\\b`).test(world.serverSource))
      .map((name) => `no such variable: ${name}`),
    ...PRIVATE.filter((place) => document.text.includes(place)).map((place) => `names a machine: ${place}`),
  ];
}

/** Everything shown as code, one piece a line; a line that ends in a backslash goes on. */
function codeOf(text: string): string[] {
  const fences = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '');
  const rest = text.replace(/^```[^\n]*\n[\s\S]*?^```/gm, '');
  const indented = [...rest.matchAll(/^ {4,}\S.*$/gm)].map((match) => match[0]);
  const spans = [...rest.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const blocks = [...fences, indented.join('\n')].map((block) => block.replace(/\\\n\s*/g, ' '));
  return [...blocks.flatMap((block) => block.split('\n')), ...spans];
}

/**
 * Paths from the root: below a room, or with an ending of our own files. A pattern counts up to its first gap. What a build makes
 * below `dist` is not there before one.
 */
function pathsIn(code: readonly string[]): string[] {
  return code
    .flatMap((piece) => piece.split(/\s+/))
    .map((word) => word.replace(/^["'(]+/, '').replace(/[),.;:"']+$/, ''))
    .filter((word) => !word.startsWith('dist/'))
    .filter((word) => /^\.?[\w@][\w@.*<>-]*(?:\/[\w@.*<>-]*)*$/.test(word))
    .filter((word) =>
      word.includes('/')
        ? ROOMS.includes(word.split('/')[0] ?? '') || SOURCE_FILE.test(word)
        : isRootFile(word),
    )
    .map((word) => (/[*<]/.test(word) ? word.slice(0, word.search(/[^/]*[*<]/)) : word));
}

function isRootFile(word: string): boolean {
  return /^(?:package|tsconfig|biome|vite|vitest|README|CONTRIBUTING|SECURITY|CHANGELOG)[\w.-]*\.\w+$/.test(
    word,
  );
}

function linksIn(text: string): string[] {
  const patterns = [
    /\]\(\s*<?([^)\s>]+)/g,
    /^\[[^\]]+\]:\s*(\S+)/gm,
    /<(?:img|a)\b[^>]*?\b(?:src|href)="([^"]*)"/g,
  ];
  return patterns
    .flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''))
    .filter((link) => !/^[a-z][a-z+.-]*:/i.test(link));
}

function linkFault(file: string, link: string, world: World): string[] {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : normalize(join(dirname(file), path));
  if (target.startsWith('..') || !world.exists(target)) return [`dead link: ${link}`];
  if (anchor === undefined) return [];
  const headings = [...world.read(target).matchAll(/^#+ (.+)$/gm)].map((match) => slugOf(match[1] ?? ''));
  return headings.includes(anchor) ? [] : [`no such heading: ${link}`];
}

/** As forges make them: lower case, marks left out, a hyphen for each space. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function scriptsIn(code: readonly string[]): string[] {
  return code
    .flatMap((piece) => [...piece.matchAll(/\bnpm (?:run )?(?:-\S+ )*([a-z][\w:-]*)/g)])
    .map((match) => match[1] ?? '')
    .filter((verb) => !NPM_VERBS.has(verb));
}

/** What stands after `npm run <script> --`, up to the end of that command. */
function callsOf(script: string, code: readonly string[]): string[] {
  const call = new RegExp(`\\bnpm run (?:-\\S+ )*${script} -- ([^#|&;>]+)`, 'g');
  return code.flatMap((piece) => [...piece.matchAll(call)].map((match) => match[1]?.trim() ?? ''));
}

function commandFault(call: string, usages: readonly string[]): string[] {
  if (call === 'help' || /^[<…]/.test(call)) return [];
  const usage = usages.find((line) => startsWithVerbs(call, line));
  return usage === undefined ? [`no such administration command: ${call}`] : optionFaults(call, usage);
}

function startsWithVerbs(call: string, usage: string): boolean {
  const words = usage.split(' ');
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  const verbs = words.slice(0, end < 0 ? words.length : end);
  const given = call.split(/\s+/);
  return verbs.length > 0 && verbs.every((verb, index) => given[index] === verb);
}

function optionFaults(call: string, usage: string): string[] {
  const known = new Set(optionsIn(usage));
  return optionsIn(call)
    .filter((option) => !known.has(option))
    .map((option) => `no such option: ${option} in "${call}"`);
}

function optionsIn(text: string): string[] {
  return [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option);
}

function variablesIn(text: string): string[] {
  return [...new Set([...text.matchAll(/\bFIELDBIND_[A-Z_]*[A-Z]\b/g)].map(([name]) => name))];
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length));
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

function documents(): Document[] {
  const roots = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  return [...roots, ...filesBelow('docs', '.md')].map((file) => ({ file, text: read(file) }));
}

/** What a forge shows to whoever reports or changes something; read like documents, led to by the forge. */
function templates(): Document[] {
  return ['.md', '.yml']
    .flatMap((ending) => filesBelow('.github', ending))
    .map((file) => ({ file, text: read(file) }));
}

/** Documents that the readme leads to, by itself or by the index of a folder that it leads to. */
function ledTo(): string[] {
  const from = (file: string) =>
    linksIn(read(file)).map((link) => normalize(join(dirname(file), link.split('#')[0] ?? '')));
  const direct = from('README.md');
  const indexes = direct.filter((file) => file.endsWith('/README.md'));
  return [...direct, ...indexes.flatMap(from)];
}

function theWorld(): World {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const sources = filesBelow('server', '.ts').filter((file) => !file.includes('node_modules'));
  return {
    exists: (path) => existsSync(join(ROOT, path)),
    read,
    scripts: new Set(Object.keys(scripts)),
    usages: commandUsages(),
    deviceUsage: USAGE,
    serverSource: sources.map(read).join('\n'),
  };
}

/** Room → what it may import, as `docs/house.md` tells it. */
function roomsTold(text: string): Record<string, string[]> {
  const rows = [...text.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)];
  return Object.fromEntries(rows.map((row) => [row[1] ?? '', quoted(row[2] ?? '', '`')]));
}

/** The same, as the import test rules it: read as text, since importing a test would run it. */
function roomsRuled(source: string): Record<string, string[]> {
  const table = /const ROOMS[^=]*= \{([\s\S]*?)\n\};/.exec(source)?.[1] ?? '';
  const rows = [...table.matchAll(/^\s*'?([\w./-]+)'?: \[([^\]]*)\]/gm)];
  return Object.fromEntries(rows.map((row) => [row[1] ?? '', quoted(row[2] ?? '', "'")]));
}

function quoted(text: string, mark: string): string[] {
  return [...text.matchAll(new RegExp(`${mark}([^${mark}]+)${mark}`, 'g'))]
    .map((match) => match[1] ?? '')
    .sort();
}

describe('the documents', () => {
  const all = documents();
  const world = theWorld();

  it('are all there, and the readme leads to each', () => {
    const names = all.map(({ file }) => file);
    for (const name of ['words', 'way', 'house', 'signatures', 'drivers', 'labels', 'operations'])
      expect(names).toContain(`docs/${name}.md`);
    expect(names).toContain('CONTRIBUTING.md');
    for (const name of ['SECURITY.md', 'CHANGELOG.md']) expect(names).toContain(name);
    const led = ledTo();
    expect(names.filter((name) => name !== 'README.md' && !led.includes(name))).toEqual([]);
  });

  it.each(all.map((document) => [document.file, document] as const))(
    '%s names only what is there',
    (_, document) => {
      expect(faultsOf(document, world)).toEqual([]);
    },
  );

  it.each(templates().map((document) => [document.file, document] as const))(
    '%s names only what is there',
    (_, document) => {
      expect(faultsOf(document, world)).toEqual([]);
    },
  );

  it('tell decisions in one form: numbered without a gap, a page each, listed by their titles', () => {
    const files = filesBelow('docs/decisions', '.md').filter((file) => !file.endsWith('README.md'));
    const index = read('docs/decisions/README.md');
    expect(files.length).toBeGreaterThanOrEqual(12);
    for (const [at, file] of files.sort().entries()) {
      const text = read(file);
      const title = /^# (\d+)\. (.+)$/m.exec(text);
      expect(file).toContain(`/${String(at + 1).padStart(4, '0')}-`);
      expect(index).toContain(`| ${at + 1} | [${title?.[2]}](${file.split('/').at(-1)}) |`);
      expect([...text.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual([
        'Context',
        'Options weighed',
        'Decision',
        'What follows',
        'What would change it',
      ]);
      expect(text.split('\n').length).toBeLessThan(60);
    }
  });

  it('are really read: commands, paths, links and variables are found in them', () => {
    const code = all.flatMap(({ text }) => codeOf(text));
    expect(world.usages.length).toBeGreaterThan(5);
    expect(pathsIn(code).length).toBeGreaterThan(20);
    expect(scriptsIn(code).length).toBeGreaterThan(10);
    expect(callsOf('fieldbind', code).length).toBeGreaterThan(5);
    expect(callsOf('device', code).length).toBeGreaterThan(0);
    expect(all.flatMap(({ text }) => linksIn(text)).length).toBeGreaterThan(10);
    expect(all.flatMap(({ text }) => variablesIn(text)).length).toBeGreaterThan(5);
  });

  it('tell the rooms as the import test rules them', () => {
    const ruled = roomsRuled(read('test/house/import-graph.test.ts'));
    expect(Object.keys(ruled).length).toBeGreaterThan(15);
    expect(roomsTold(read('docs/house.md'))).toEqual(ruled);
  });

  const planted: readonly (readonly [string, string])[] = [
    ['See `core/nowhere.ts`.', 'no such path: core/nowhere.ts'],
    ['    node old-room/main.ts', 'no such path: old-room/main.ts'],
    ['Tests are `test/nowhere/**/*.test.ts`.', 'no such path: test/nowhere/'],
    ['Settings are in `vite.settings.ts`.', 'no such path: vite.settings.ts'],
    ['See [words](docs/nowhere.md).', 'dead link: docs/nowhere.md'],
    ['<img src="docs/picture/nowhere.png" alt="">', 'dead link: docs/picture/nowhere.png'],
    ['See [out](../elsewhere.md).', 'dead link: ../elsewhere.md'],
    ['See [words](docs/words.md#nowhere).', 'no such heading: docs/words.md#nowhere'],
    ['Run `npm run nothing -- x`.', 'no such npm command: nothing'],
    ['```sh\nnpm install && npm begin\n```', 'no such npm command: begin'],
    ['    npm run fieldbind -- domain destroy x', 'no such administration command: domain destroy x'],
    [
      '`npm run fieldbind -- list export --format xml`',
      'no such option: --format in "list export --format xml"',
    ],
    ['    npm run device -- \\\n      --colour red', 'no such option: --colour in "--colour red"'],
    ['Set FIELDBIND_NOTHING.', 'no such variable: FIELDBIND_NOTHING'],
    ['Look into /home/somebody.', 'names a machine: /home/'],
  ];
  it.each(planted)('would notice: %s', (text, fault) => {
    expect(faultsOf({ file: 'README.md', text }, world)).toEqual([fault]);
  });

  it('would notice a room told differently', () => {
    const told = roomsTold(
      '| room | may import | is |\n|---|---|---|\n| `core` | `contract`, `src` | pure |\n',
    );
    expect(told).toEqual({ core: ['contract', 'src'] });
    expect(roomsRuled("const ROOMS: X = {\n  core: ['contract'],\n};")).toEqual({ core: ['contract'] });
  });

  it('may name what is there', () => {
    const text =
      '`core/der.ts`, `test/**/*.test.ts`, [words](docs/words.md#devices), `npm test`, `/ca/<organisation>/bundle.pem`\n' +
      '    npm install && npm run fieldbind -- audit verify  # walks the trail\n' +
      'FIELDBIND_DATA, <https://example.org/core/x.ts>, either/or in prose';
    expect(faultsOf({ file: 'README.md', text }, world)).toEqual([]);
  });
});
