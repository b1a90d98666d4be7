import { createReadStream } from 'node:fs';

/** More than the longest line of a trail, characters. */
const LONGEST = 4_000_000;

/** Reads the lines of a file one at a time. A line that is too long for a trail comes in pieces, none of which is valid. */
export async function* fileLines(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
    if (rest.length <= LONGEST) continue;
    yield rest;
    rest = '';
  }
  if (rest !== '') yield rest;
}
