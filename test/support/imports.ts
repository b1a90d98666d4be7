import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** An import of one of our files by another. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
  /** By a name, for which the runtime chose this file. */
  readonly chosen: boolean;
}

/** What a file names: a path beside it, a name for which the runtime chooses a file, or a package. */
interface Named {
  readonly name: string;
  readonly typeOnly: boolean;
}

/** Names for which the runtime chooses a file (Node, conditional subpath imports), with all that it may choose from. */
export const CHOICES: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).imports;

/** Comments may stand where a name is looked for, so they are taken out first. A string that holds `//` is an address. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(?<![:'"`\\])\/\/[^\n]*/g, '');
}

const STATEMENT =
  /^\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"`]([^'"`]+)['"`]\s*\)|new URL\(\s*['"](\.[^'"]+\.ts)['"]/gm;

/** All that a file imports, types and dynamic imports counted, and the files that it starts by `new URL`. */
export function namesIn(text: string): Named[] {
  return [...withoutComments(text).matchAll(STATEMENT)].map((match) => ({
    name: (match[2] ?? match[3] ?? match[4] ?? match[5] ?? '').replace(/\?.*$/, ''),
    typeOnly: match[1] !== undefined,
  }));
}

/** Of that, our own files, by their path from the root. */
export function importsOf(file: string, text: string): Import[] {
  return namesIn(text).flatMap(({ name, typeOnly }): Import[] => {
    if (name.startsWith('#'))
      return [...new Set(Object.values(CHOICES[name] ?? { none: name }))].map((to) => ({
        from: file,
        to: normalize(to),
        typeOnly,
        chosen: true,
      }));
    if (!name.startsWith('.')) return [];
    return [{ from: file, to: normalize(join(dirname(file), name)), typeOnly, chosen: false }];
  });
}

/** Ways to load a file that the reading above does not see: a name that is put together, or CommonJS. */
export function hiddenLoads(text: string): string[] {
  const code = withoutComments(text);
  const built = [...code.matchAll(/\bimport\((?!\s*['"`][^'"`$]+['"`]\s*[),])[^)]*\)/g)];
  const required = [
    ...code.matchAll(/\bcreateRequire\(|(?<![\w.])require\((?!\s*['"][^.'"][^'"]*['"]\s*\))/g),
  ];
  return [...built, ...required].map(([found]) => found);
}
