import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHOICES, hiddenLoads, type Import, importsOf } from '../support/imports.ts';

/**
 * The house (docs/house.md) as rules over the real import graph, types and dynamic imports counted. A room may import
 * from the rooms named for it and from itself; a more exact room wins over the folder around it.
 */
const ROOMS: Record<string, readonly string[]> = {
  contract: [],
  core: ['contract'],
  'src/flow': ['contract', 'core', 'src/ports'],
  'src/ports': ['contract', 'core'],
  'src/scan': ['contract', 'core', 'src/ports'],
  'src/device': ['contract', 'core', 'src/ports'],
  'src/pki': ['contract', 'core', 'src/ports'],
  'src/storage': ['contract', 'core', 'src/ports'],
  'src/backend': ['contract', 'core', 'src/ports'],
  'src/account': ['contract', 'core', 'src/ports'],
  'src/platform': ['contract', 'core', 'src/ports'],
  'src/shell': ['contract', 'core', 'src/ports'],
  'src/sync': ['contract', 'core', 'src/ports'],
  'src/effects': ['contract', 'core', 'src/flow', 'src/ports'],
  'src/ui': ['contract', 'core', 'src/flow', 'src/ports', 'src/effects', 'src/sync'],
  'src/main.tsx': ['core', 'src', 'simulator/profiles'],
  sw: ['contract', 'core', 'src/backend', 'src/platform', 'src/storage', 'src/sync'],
  'server/main.ts': ['server/config', 'server/serve.ts'],
  'server/serve.ts': [
    'contract',
    'core',
    'server/installation.ts',
    'server/faces/http',
    'server/faces/est',
    'server/accounts',
    'server/phones',
    'server/organisations',
    'server/authority/ra/records',
    'server/authority/va',
    'server/outside/events',
    'server/tls',
    'server/outside/notices',
    'server/trail',
    'server/watch',
    'server/config',
    'server/ports',
  ],
  'server/cli.mjs': ['server/command-line.ts', 'needs-node.mjs'],
  'server/command-line.ts': ['server/installation.ts', 'server/faces/commands', 'server/config'],
  'server/installation.ts': [
    'contract',
    'core',
    'server/faces',
    'server/authority/ceremony',
    'server/authority/est-ca',
    'server/authority/ca',
    'server/authority/va',
    'server/authority/keys',
    'server/authority/ra/binding',
    'server/organisations',
    'server/store',
    'server/trail',
    'server/x509',
    'server/config',
    'server/ports',
    'server/ports/signer.ts',
  ],
  'server/health.ts': ['server/config'],
  'server/faces': [
    'contract',
    'core',
    'server/authority/ceremony/ceremonies.ts',
    'server/authority/va',
    'server/organisations',
    'server/trail',
    'server/ports',
  ],
  'server/faces/http': [
    'contract',
    'core',
    'server/faces',
    'server/accounts',
    'server/phones',
    'server/organisations',
    'server/organisations/lists',
    'server/authority/ra/records',
    'server/authority/ra/custody',
    'server/authority/ra/found',
    'server/authority/va',
    'server/outside/events',
    'server/outside/notices',
    'server/watch',
    'server/x509',
    'server/ports',
  ],
  'server/faces/est': [
    'contract',
    'core',
    'server/faces',
    'server/authority/ra/contact',
    'server/authority/ra/binding',
    'server/authority/ra/found',
    'server/authority/tpm',
    'server/x509',
    'server/ports',
  ],
  'server/faces/commands': [
    'contract',
    'core',
    'server/faces',
    'server/accounts',
    'server/phones/phones.ts',
    'server/organisations',
    'server/organisations/lists',
    'server/authority/ra/records',
    'server/authority/ra/custody',
    'server/authority/ra/found',
    'server/authority/ceremony/certify-server.ts',
    'server/authority/ceremony/root-papers.ts',
    'server/authority/ceremony/sign-request.ts',
    'server/outside/events',
    'server/outside/notices',
    'server/deployment',
    'server/store/copy.ts',
    'server/store/owner-lock.ts',
    'server/trail',
    'server/x509',
    'server/runtime',
    'server/config',
    'server/ports',
  ],
  'server/accounts': ['contract', 'core', 'server/trail', 'server/ports'],
  'server/phones': ['contract', 'core', 'server/trail', 'server/ports'],
  'server/organisations': [
    'contract',
    'core',
    'server/authority/ceremony/ceremonies.ts',
    'server/authority/ra/binding',
    'server/trail',
    'server/ports',
  ],
  'server/organisations/lists': ['contract', 'core', 'server/trail', 'server/ports'],
  'server/authority/ra/records': [
    'contract',
    'core',
    'server/authority/ra/contact',
    'server/authority/ra/binding',
    'server/trail',
    'server/ports',
  ],
  'server/authority/ra/custody': [
    'contract',
    'core',
    'server/authority/ra/records',
    'server/authority/ra/binding',
    'server/trail',
    'server/ports',
  ],
  'server/authority/ra/found': ['contract', 'core', 'server/trail', 'server/ports'],
  'server/authority/ra/contact': [
    'contract',
    'core',
    'server/authority/ra/binding',
    'server/trail',
    'server/ports',
  ],
  'server/authority/ra/binding': ['contract', 'core', 'server/trail', 'server/ports'],
  'server/authority/tpm': ['contract', 'core', 'server/authority/ra/binding', 'server/trail', 'server/ports'],
  'server/authority/ceremony': [
    'contract',
    'core',
    'server/authority/ca',
    'server/authority/keys',
    'server/trail',
    'server/x509',
    'server/ports',
    'server/ports/signer.ts',
  ],
  'server/authority/est-ca': [
    'contract',
    'core',
    'server/authority/ca',
    'server/trail',
    'server/x509',
    'server/config',
    'server/ports',
  ],
  'server/authority/ca': ['contract', 'core', 'server/x509', 'server/ports', 'server/ports/signer.ts'],
  'server/authority/va': [
    'contract',
    'core',
    'server/trail',
    'server/x509',
    'server/ports',
    'server/ports/signer.ts',
  ],
  'server/authority/keys': ['contract', 'core', 'server/x509', 'server/ports', 'server/ports/signer.ts'],
  'server/tls': [
    'contract',
    'core',
    'server/trail',
    'server/x509',
    'server/config',
    'server/ports',
    'server/ports/signer.ts',
  ],
  'server/deployment': ['contract'],
  'server/outside': ['server/ports'],
  'server/outside/events': ['contract', 'core', 'server/outside', 'server/trail', 'server/ports'],
  'server/outside/notices': ['contract', 'core', 'server/outside', 'server/trail', 'server/ports'],
  'server/watch': ['contract', 'core', 'server/ports'],
  'server/trail': ['contract', 'core', 'server/x509', 'server/ports', 'server/ports/signer.ts'],
  'server/x509': ['contract', 'core', 'server/ports', 'server/ports/signer.ts'],
  'server/store': ['contract', 'core', 'server/trail', 'server/ports'],
  'server/config': ['contract', 'core', 'server/trail', 'server/ports'],
  'server/runtime': ['contract', 'core', 'server/ports/signer.ts'],
  'server/ports': ['contract', 'core'],
  'server/ports/signer.ts': [],
  simulator: [],
  tools: ['needs-node.mjs', 'server/main.ts', 'simulator/main.ts', 'test/bench'],
  test: ['contract', 'core', 'src', 'sw', 'simulator', 'server', 'tools'],
};
/** Files that may load otherwise: a package's native part, which only CommonJS can, and the program that is asked for. */
const LOADERS: readonly string[] = [
  'server/authority/keys/native-token.ts',
  'server/runtime/build-native-token.ts',
  'tools/with-node.mjs',
];

/** Folders inside a room that nobody else is to know of. */
const PARTS: readonly string[] = ['server/store/grouped', 'server/store/migrations'];

/** Words for codes are keyed by the codes' own closed lists, so that a missing one does not compile. Types only. */
const ALLOWED_TYPES: readonly (readonly [string, string])[] = [
  ['src/ui/words/field-trouble.ts', 'src/scan/index.ts'],
  ['src/ui/words/trouble.ts', 'src/storage/error.ts'],
];

/** What only Node has stands here. Pure rooms reach it by a name of package.json's `imports`, never by its path. */
const RUNTIME = 'server/runtime';

const ROOT = new URL('../..', import.meta.url).pathname;
const SOURCE = /\.(ts|tsx|mts|mjs|js|cjs)$/;

function sources(): string[] {
  return ['contract', 'core', 'src', 'sw', 'simulator', 'server', 'tools', 'test']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).map((entry) =>
        join(entry.parentPath, entry.name).slice(ROOT.length),
      ),
    )
    .filter((file) => SOURCE.test(file) && !file.endsWith('.d.ts') && !file.includes('node_modules'));
}

function roomOf(file: string): string | undefined {
  return Object.keys(ROOMS)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function isForbidden({ from, to, typeOnly, chosen }: Import): boolean {
  const room = roomOf(from);
  if (room === undefined) return true;
  const within = (place: string) => to === place || to.startsWith(`${place}/`);
  const target = roomOf(to);
  // The name of a room opens that room alone: one that lies inside it has its own name.
  const opens = (place: string) => (place in ROOMS ? place === target : within(place));
  if (target === room || (ROOMS[room] ?? []).some(opens)) return false;
  if (chosen && within(RUNTIME)) return false;
  return !(typeOnly && ALLOWED_TYPES.some(([a, b]) => a === from && b === to));
}

describe('the house', () => {
  const files = sources();
  const imports = files.flatMap((file) => importsOf(file, readFileSync(join(ROOT, file), 'utf8')));

  it('is seen whole: every relative import leads to a file', () => {
    expect(imports.length).toBeGreaterThan(200);
    expect(imports.filter(({ to }) => !existsSync(join(ROOT, to)))).toEqual([]);
  });

  it('loads nothing in a way that is not seen', () => {
    const hidden = files
      .filter((file) => !file.startsWith('test/') && !LOADERS.includes(file))
      .flatMap((file) =>
        hiddenLoads(readFileSync(join(ROOT, file), 'utf8')).map((load) => `${file}: ${load}`),
      );
    expect(hidden).toEqual([]);
    expect(hiddenLoads("await import('../' + name); createRequire(import.meta.url)('./a.cjs')")).toHaveLength(
      2,
    );
    const told = "await import(`../../core/der.ts`);\nimport { c } from /* x */ '../../core/pem.ts';";
    expect(importsOf('server/faces/a.ts', told)).toHaveLength(2);
  });

  it('keeps imports going one way', () => {
    expect(imports.filter(isForbidden).map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('has no import cycle, types included', () => {
    expect(cycles(imports)).toEqual([]);
  });

  it('has no ring of rooms: of two rooms one at most knows the other', () => {
    // Tests know everybody, and what the runtime chooses knows the room it is chosen for.
    const between = imports
      .filter(({ from, chosen }) => roomOf(from) !== 'test' && !chosen)
      .map((one) => ({ ...one, from: roomOf(one.from) ?? '', to: roomOf(one.to) ?? '' }))
      .filter(({ from, to }) => from !== to);
    expect(cycles(between)).toEqual([]);
  });

  it('has a room for every file, and a row for every folder of the server', () => {
    expect(files.filter((file) => roomOf(file) === undefined)).toEqual([]);
    const folders = new Set(files.filter((file) => file.startsWith('server/')).map((file) => dirname(file)));
    const unnamed = [...folders].filter((folder) => !(folder in ROOMS) && !PARTS.includes(folder));
    expect(unnamed.filter((folder) => folder !== 'server')).toEqual([]);
  });

  it('lets the runtime choose between a file of the room that asks and one that only Node has', () => {
    for (const [name, { types, node, default: anywhere, ...more }] of Object.entries(CHOICES)) {
      const asking = imports.filter(({ to, chosen }) => chosen && to === normalize(anywhere ?? ''));
      expect(asking, name).not.toEqual([]);
      expect(new Set(asking.map(({ from }) => roomOf(from)))).toEqual(
        new Set([roomOf(normalize(anywhere ?? ''))]),
      );
      // Types are the portable file's, so that no room compiles against Node.
      expect({ types, room: roomOf(normalize(node ?? '')), more }).toEqual({
        types: anywhere,
        room: RUNTIME,
        more: {},
      });
    }
  });

  it('would notice a forbidden import', () => {
    const planted: readonly (readonly [string, string])[] = [
      ['core/der.ts', "import type { Link } from '../src/ports/link.ts';"],
      ['core/bytes.ts', "export { toBase64Url } from '../server/runtime/node-base64url.ts';"],
      ['src/flow/install.ts', "import { IdbOutbox } from '../storage/outbox.ts';"],
      ['src/storage/outbox.ts', "import { syncClient } from '../backend/sync-client.ts';"],
      ['src/ui/app.tsx', "const x = await import('../../simulator/profiles/page.ts');"],
      ['simulator/main.ts', "export { crc16 } from '../src/device/protocols/crc16.ts';"],
      ['server/authority/ra/records/decide.ts', "import { issue } from '../../ca/issue.ts';"],
      ['server/main.ts', "import '../src/sync/drain.ts';"],
      ['server/faces/http/ocsp.ts', "import type { KeyVault } from '../../ports/signer.ts';"],
      ['server/faces/est/est-app.ts', "import { keyFiles } from '../../authority/keys/key-files.ts';"],
      ['server/faces/commands/ca-commands.ts', "import { openRoot } from '../../authority/ca/root.ts';"],
      ['server/authority/va/responder.ts', "import { chainOf } from '../ca/trust.ts';"],
      [
        'server/faces/commands/ca-commands.ts',
        "import type { RootParts } from '../../authority/ceremony/root-custody.ts';",
      ],
      ['server/new-room/thing.ts', "import { toInstant } from '../../core/instant.ts';"],
      ['src/sync/drain.ts', "import { startTestServer } from '../support/server.ts';"],
    ];
    for (const [file, line] of planted) {
      expect(importsOf(file, line).map(isForbidden), `${file}: ${line}`).toEqual([true]);
    }
  });
});

/** Groups of files that import each other in a ring (Tarjan's strongly connected components). */
function cycles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const to of next.get(file) ?? []) {
      if (!index.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file) ?? 0, low.get(to) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const ring = stack.splice(stack.indexOf(file));
    if (ring.length > 1) found.push(ring);
  };
  for (const file of next.keys()) if (!index.has(file)) visit(file);
  return found;
}
