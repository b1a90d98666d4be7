import { expect, test } from 'vitest';
import type { FieldDevices } from '../../contract/field-device.ts';
import type { BackendFailure, BackendResult } from '../../src/ports/backend.ts';
import { takeDevices } from '../../src/sync/take-devices.ts';

const page = (after: string, cursor: string, more = false): FieldDevices => ({
  ...{ after, cursor, more, devices: [], records: [] },
});
const said = (value: FieldDevices): BackendResult<FieldDevices> => ({ ok: true, value });
const failed = (failure: BackendFailure): BackendResult<FieldDevices> => ({ ok: false, failure });

/** Answers by organisation in their order; what is asked for beyond them is a fault of the asking. */
async function take(script: Readonly<Record<string, readonly BackendResult<FieldDevices>[]>>) {
  const left = new Map(Object.entries(script).map(([org, answers]) => [org, [...answers]]));
  const cursors = new Map<string, string>();
  const [asked, taken]: [string[], string[]] = [[], []];
  const failure = await takeDevices(
    {
      backend: {
        async fieldDevices(org, after) {
          asked.push(`${org} ${after}`.trim());
          const answer = left.get(org)?.shift();
          if (answer === undefined) throw new Error(`${org} is asked once more`);
          return answer;
        },
      },
      devices: {
        cursor: async (org) => ({ org, after: cursors.get(org) ?? '', reader: 'ines' }),
        async take({ org }, answer) {
          taken.push(`${org} ${answer.cursor}`);
          cursors.set(org, answer.cursor);
        },
        keepFor: async () => ({ made: Promise.resolve() }),
      },
    },
    Object.keys(script),
    new AbortController().signal,
  );
  return { failure, asked, taken };
}

test('pages are asked for, each from where the one before ended, until there is no more', async () => {
  const pages = [said(page('', 'a', true)), said(page('a', 'b', true)), said(page('b', 'c'))];
  expect(await take({ north: pages })).toEqual({
    failure: undefined,
    asked: ['north', 'north a', 'north b'],
    taken: ['north a', 'north b', 'north c'],
  });
});

test.each<BackendFailure>([
  { kind: 'busy', retryAfterMs: 1_000 },
  { kind: 'refused', code: 'not_allowed', detail: '' },
  { kind: 'not_our_backend' },
])('an organisation that is answered with $kind does not keep the next from being asked', async (failure) => {
  const last: BackendFailure = { kind: 'busy', retryAfterMs: null };
  expect(
    await take({ north: [failed(failure)], south: [said(page('', 'a'))], west: [failed(last)] }),
  ).toEqual({ failure, asked: ['north', 'south', 'west'], taken: ['south a'] });
});

test.each<BackendFailure>([{ kind: 'unreachable' }, { kind: 'signed_out' }])(
  'nobody else is asked after $kind',
  async (failure) => {
    const pages = [said(page('', 'a', true)), failed(failure)];
    expect(await take({ north: pages, south: [] })).toEqual({
      failure,
      asked: ['north', 'north a'],
      taken: ['north a'],
    });
  },
);

test('an answer of another place in the stream is not taken', async () => {
  expect(await take({ north: [said(page('x', 'y'))], south: [said(page('', 'a'))] })).toEqual({
    failure: { kind: 'not_our_backend' },
    asked: ['north', 'south'],
    taken: ['south a'],
  });
});

test('an answer from the start is taken wherever the phone was, and goes on from there', async () => {
  const pages = [said(page('', 'a', true)), said(page('', 'b', true)), said(page('b', 'c'))];
  expect((await take({ north: pages })).taken).toEqual(['north a', 'north b', 'north c']);
});

test('a backend that says that there is more without moving on is not asked again', async () => {
  const { asked } = await take({ north: [said(page('', 'a', true)), said(page('a', 'a', true))] });
  expect(asked).toEqual(['north', 'north a']);
});
