import { expect, it } from 'vitest';
import { UsageError } from '../../server/faces/commands/command.ts';
import { parseCall } from '../../server/faces/commands/parse-call.ts';

const TEXT = { type: 'string' } as const;
const COMMAND = {
  usage: 'key end DIGEST [FILE] --because TEXT [--again]',
  options: { because: TEXT, again: { type: 'boolean' } },
  words: 1,
  optional: 1,
} as const;
const SHORT = `-${'a'.repeat(42)}`;
const LONG = `--${'b'.repeat(41)}`;

it.each([
  [['a', '--because', 'b'], ['a'], { because: 'b' }],
  [['--because=b', 'a', 'c', '--again'], ['a', 'c'], { because: 'b', again: true }],
  [[SHORT, LONG], [SHORT, LONG], {}],
  [['--because', SHORT, LONG], [LONG], { because: SHORT }],
  [['a', '--because', LONG], ['a'], { because: LONG }],
  [['a', '--because', '- moved'], ['a'], { because: '- moved' }],
  [['--again', '--', '--because', '-'], ['--because', '-'], { again: true }],
])('reads %j', (args, positionals, values) => {
  expect(parseCall(COMMAND, args)).toEqual({ positionals, values });
});

it.each([
  [[]],
  [['a', 'b', 'c']],
  [['-h']],
  [['a', '-x=b']],
  [['a', '--because', '-again']],
  [['a', '--becaus', 'b']],
  [['a', '--because']],
  [['a', '--because', '--again']],
  [['a', '--again=b']],
])('says the usage to %j', (args) => {
  expect(() => parseCall(COMMAND, args)).toThrow(UsageError);
  expect(() => parseCall(COMMAND, args)).toThrow(COMMAND.usage);
});
