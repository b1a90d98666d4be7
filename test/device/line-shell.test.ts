import { expect, it } from 'vitest';
import { LineShell } from '../../src/device/protocols/line-shell.ts';
import { Transcript } from '../../src/device/protocols/transcript.ts';
import type { ByteLink } from '../../src/ports/link.ts';
import { drive, FakeClock } from '../support/device-clock.ts';

const PROMPT = '\u001b[1;32muart:~$ \u001b[m';
const signal = () => new AbortController().signal;

/** A far end that answers each write with the next of these texts, piece by piece. */
function shellWith(answers: readonly (readonly string[])[]) {
  const seen = new Transcript();
  const clock = new FakeClock();
  const left = [...answers];
  const say = (text: string) => seen.add(new Uint8Array(Buffer.from(text, 'latin1')));
  const link: ByteLink = {
    kind: 'serial',
    shape: 'bytes',
    lost: signal(),
    listen: () => () => undefined,
    close: async () => undefined,
    async write() {
      for (const piece of left.shift() ?? []) queueMicrotask(() => say(piece));
    },
  };
  const run = <T>(work: Promise<T>) => drive(work, clock, async () => undefined);
  return { shell: new LineShell(link, seen, clock), say, run, clock };
}

it('takes what stands between the echo and the next prompt', async () => {
  const { shell, run } = shellWith([['cred list\r\n', '1,CA,', 'x,0\r\n0 credentials found.\r\n', PROMPT]]);
  expect((await run(shell.run('cred list', signal()))).trim()).toBe('1,CA,x,0\r\n0 credentials found.');
});

it('is not ended by the prompt that a log line writes again before the echo', async () => {
  const log = `\u001b[8D\u001b[J[00:00:01.000,000] <inf> net: up\r\n${PROMPT}`;
  const { shell, run } = shellWith([[log, `cred li${log}cred list\r\n`, '0 credentials found.\r\n', PROMPT]]);
  expect(await run(shell.run('cred list', signal()))).toContain('0 credentials found.');
});

it('learns that a shell does not echo, and then waits for silence', async () => {
  const { shell, run } = shellWith([
    ['\r\nfirst\r\n', PROMPT],
    ['\r\nsecond: command not found\r\n', PROMPT],
  ]);
  expect(await run(shell.run('one', signal()))).toContain('first');
  expect(await run(shell.run('second', signal()))).toContain('second: command not found');
});

it('ends when no prompt ever comes', async () => {
  const { shell, run, clock } = shellWith([['cred list\r\nhalf an ans']]);
  await expect(run(shell.run('cred list', signal()))).rejects.toMatchObject({ code: 'timed_out' });
  expect(clock.sleeping).toBe(0);
});

it('says device_silent only where nothing at all came', async () => {
  const silent = shellWith([]);
  await expect(silent.run(silent.shell.wake(signal()))).rejects.toMatchObject({ code: 'device_silent' });
  const chatty = shellWith([['AT+OK\r\n']]);
  expect(await chatty.run(chatty.shell.wake(signal()))).toBe(false);
});
