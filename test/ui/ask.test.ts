import { expect, test } from 'vitest';
import { ask } from '../../src/ui/ask.ts';

function asking() {
  const said: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const end = ask(
    promise,
    (found) => said.push(`found ${found}`),
    (error) => said.push(`failed ${String(error)}`),
  );
  return { said, resolve, reject, end };
}

test('an answer is taken, and one that fails is said', async () => {
  const [good, bad] = [asking(), asking()];
  good.resolve('roof');
  bad.reject('full');
  await Promise.resolve();
  expect([good.said, bad.said]).toEqual([['found roof'], ['failed full']]);
});

test('an older question’s answer overwrites nothing, whichever it is', async () => {
  const [good, bad] = [asking(), asking()];
  for (const one of [good, bad]) one.end();
  good.resolve('roof');
  bad.reject('full');
  await Promise.resolve();
  expect([good.said, bad.said]).toEqual([[], []]);
});
