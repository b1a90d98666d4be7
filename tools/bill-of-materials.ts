import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from './licences.ts';

const ROOT = new URL('..', import.meta.url).pathname;
/** Beside the page, under a name that the server does not give out: it tells which versions run here. */
const SBOM_FILE = join(ROOT, 'dist', '.sbom.cdx.json');

interface Listed extends Component {
  readonly 'bom-ref': string;
}

/** A CycloneDX list, as far as it is looked at here. */
export interface Sbom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: Listed };
  readonly components: readonly Listed[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface OwnPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const ownPackage = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as OwnPackage;

/**
 * What goes into page and server: our own packages, and whatever they depend on. npm lists all that is installed and the
 * rest is left out here, since its `--omit dev` also leaves out what a tool for building happens to use too: Preact was not
 * on such a list (npm 10.9 and 11.19).
 */
export function billOfMaterials(): Sbom {
  const listed = listInstalled();
  const next = new Map(listed.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const root = ownPackage('package.json');
  const server = ownPackage('server/package.json');
  const wanted = new Set<string>();
  const todo = [refOf(server.name, server.version)];
  for (const [name, version] of Object.entries(root.dependencies)) todo.push(refOf(name, version));
  for (let ref = todo.pop(); ref !== undefined; ref = todo.pop()) {
    if (wanted.has(ref)) continue;
    const dependsOn = next.get(ref);
    if (dependsOn === undefined) throw new Error(`${ref} is not installed: run npm ci`);
    wanted.add(ref);
    todo.push(...dependsOn);
  }
  // npm gives the folder's name to what is our own, which is whatever somebody called their clone.
  const named = (one: Listed) => {
    const own = [root, server].find(({ name, version }) => one['bom-ref'] === refOf(name, version));
    return own === undefined ? one : { ...one, name: own.name };
  };
  const top = listed.metadata.component['bom-ref'];
  const first = new Set([...Object.keys(root.dependencies), server.name]);
  const isFirst = (ref: string) => first.has(ref.slice(0, ref.lastIndexOf('@')));
  return {
    ...listed,
    metadata: { ...listed.metadata, component: named(listed.metadata.component) },
    // npm 10 lists one that is installed in two places twice.
    components: [...new Map(listed.components.map((one) => [one['bom-ref'], named(one)])).values()].filter(
      (one) => wanted.has(one['bom-ref']),
    ),
    dependencies: listed.dependencies.flatMap(({ ref, dependsOn }) => {
      if (ref === top) return [{ ref, dependsOn: dependsOn.filter(isFirst) }];
      return wanted.has(ref) ? [{ ref, dependsOn }] : [];
    }),
  };
}

/** As npm names packages within its list. Our own name exact versions only. */
function refOf(name: string, version: string): string {
  return `${name}@${version}`;
}

function listInstalled(): Sbom {
  // Vite sets NODE_ENV to production, and npm then leaves out what is for building as if it had been asked to.
  const all = ['--include', 'dev', '--include', 'optional', '--include', 'peer'];
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', ...all];
  // The npm that runs us, where one does: another one might be of another age.
  const npm = process.env.npm_execpath;
  const [program, call] = npm === undefined ? ['npm', words] : [process.execPath, [npm, ...words]];
  const run = spawnSync(program, call, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (run.status !== 0)
    throw new Error(`npm cannot list the packages: ${run.error?.message ?? run.stderr.trim()}`);
  return JSON.parse(run.stdout) as Sbom;
}

export function writeSbom(sbom: Sbom): void {
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(SBOM_FILE, `${JSON.stringify(sbom, null, 2)}\n`);
}
