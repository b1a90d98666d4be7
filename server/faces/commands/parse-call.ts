import { parseArgs } from 'node:util';
import { parse } from '../../../contract/parse.ts';
import { Digest } from '../../../contract/scalars.ts';
import { UsageError, type Words } from './command.ts';

interface ParsedCall {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

/** Marks a value. No argument of a process can contain NUL, so the mark excludes no value. */
const MARK = '\0';

/** Matches a dash that does not begin the name of an option, as in a text that begins with a dash. */
const DASHED = /^-(?!-|[a-z][\w-]*(?:=|$))/i;

/**
 * Parses the words after a command's verbs. A digest in base64url may begin with a dash (one in 64 does), and so may
 * a text. No option is as long as a digest or looks like a text, so such a word is a value. Throws UsageError.
 */
export function parseCall(
  { options, words, optional = 0, usage }: Omit<Words, 'about'>,
  args: readonly string[],
): ParsedCall {
  const { values, positionals } = parsed({ options, usage }, args.map(mark));
  const surplus = positionals.length - words;
  if (surplus < 0 || surplus > optional) throw new UsageError(`usage: ${usage}`);
  const unmarked = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? unmark(value) : value,
  ]);
  return { values: Object.fromEntries(unmarked), positionals: positionals.map(unmark) };
}

function parsed({ options, usage }: Pick<Words, 'options' | 'usage'>, args: string[]) {
  try {
    return parseArgs({ args, options: { ...options }, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : 'wrong options'}; usage: ${usage}`);
  }
}

function mark(arg: string): string {
  return DASHED.test(arg) || parse(Digest, arg) !== undefined ? `${MARK}${arg}` : arg;
}

function unmark(arg: string): string {
  return arg.startsWith(MARK) ? arg.slice(MARK.length) : arg;
}
