import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = new URL('../..', import.meta.url).pathname;
export const CONTAINERFILE = readFileSync(join(ROOT, 'Containerfile'), 'utf8');

/** One line of it, continued lines joined. */
export interface Step {
  readonly verb: string;
  readonly words: readonly string[];
}

export function stages(): Step[][] {
  const lines = CONTAINERFILE.replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const all: Step[][] = [];
  for (const line of lines) {
    const [verb = '', ...words] = line.split(/\s+/);
    if (verb === 'FROM') all.push([]);
    all.at(-1)?.push({ verb, words });
  }
  return all;
}

export const nameOf = ([from]: readonly Step[]) => (from?.words[1] === 'AS' ? from.words[2] : undefined);
/** What a stage copies from the project. */
export const copies = (stage: readonly Step[]) =>
  stage.flatMap(({ verb, words }) =>
    verb === 'COPY' && !words[0]?.startsWith('--')
      ? [{ from: words.slice(0, -1), to: words.at(-1) ?? '' }]
      : [],
  );
export const last = () => stages().at(-1) ?? [];
