import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Comments name files that are there: a move or a new name must not leave one that leads nowhere. */
const ROOT = new URL('../..', import.meta.url).pathname;
const ROOMS = ['contract', 'core', 'src', 'sw', 'simulator', 'server', 'tools', 'test'];
const CODE = /\.(?:ts|tsx|mts|mjs)$/;
/** A file of ours, with or without the folders above it. Others' (firmware in C, `.d.ts` of packages) have other endings. */
const NAMED = /(?<![\w@/.*-])((?:[\w-]+\/)*[\w-]+\.(?:ts|tsx|mjs))(?![\w/])/g;

const files = ROOMS.flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length)),
).filter((file) => CODE.test(file) && !file.includes('node_modules') && !file.endsWith('/comments.test.ts'));
/** Those in the root, which comments name as well. */
const known = [...files, ...readdirSync(ROOT)].map((file) => `/${file}`);

/** Comments of a file, as one text each. Strings that hold `//` are addresses, and name none of our files. */
function commentsOf(text: string): string[] {
  return [...text.matchAll(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/[^\n]*/g)].map(([comment]) => comment);
}

/** What a comment names and nobody finds: a path counts from the root or from any folder. */
function lostIn(text: string): string[] {
  return commentsOf(text)
    .flatMap((comment) => [...comment.matchAll(NAMED)].map((match) => match[1] ?? ''))
    .filter((name) => !known.some((file) => file.endsWith(`/${name}`)));
}

describe('comments', () => {
  it('name files that are there', () => {
    const lost = files.flatMap((file) =>
      lostIn(readFileSync(join(ROOT, file), 'utf8')).map((name) => `${file}: ${name}`),
    );
    expect(lost).toEqual([]);
  });

  it('are really read', () => {
    const named = files.flatMap((file) =>
      commentsOf(readFileSync(join(ROOT, file), 'utf8')).flatMap((comment) => [...comment.matchAll(NAMED)]),
    );
    expect(named.length).toBeGreaterThan(30);
    expect(lostIn('// see server/nowhere.ts and core/der.ts\nconst a = 1; /** (activate.ts) */')).toEqual([
      'server/nowhere.ts',
      'activate.ts',
    ]);
  });
});
