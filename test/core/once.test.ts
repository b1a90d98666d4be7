import { expect, test } from 'vitest';
import { once } from '../../core/once.ts';

test('loads when first asked, and once however many ask', async () => {
  let loads = 0;
  const number = once(async () => ++loads);
  expect(loads).toBe(0);
  expect(await Promise.all([number(), number()])).toEqual([1, 1]);
  expect(await number()).toBe(1);
});

test('forgets a try that failed, once everybody who waited for it was told', async () => {
  let loads = 0;
  const number = once(async () => {
    if (++loads === 1) throw new Error('no signal');
    return loads;
  });
  const answers = await Promise.allSettled([number(), number()]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await number()).toBe(2);
});
