import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StorageError } from '../../src/storage/error.ts';
import { writeMakingRoom } from '../../src/storage/make-room.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A phone with so many things to give back; what is given back counts as free after `lag` milliseconds. */
function phone({ free = 0, spare = 0, needs = 1, lag = 0 }) {
  const given = { free: 0, spare: 0 };
  let counted = 0;
  const giveBack = async (kind: 'free' | 'spare', most: number) => {
    if (given[kind] === most) return false;
    given[kind]++;
    if (lag === 0) counted++;
    else setTimeout(() => counted++, lag);
    return true;
  };
  const write = async () => {
    if (counted < needs) throw new StorageError('phone_storage_full');
    return 'written';
  };
  const done = writeMakingRoom(write, {
    free: () => giveBack('free', free),
    spare: () => giveBack('spare', spare),
  });
  return { given, done };
}

test.each([
  { name: 'what nobody misses is enough', has: { free: 1, spare: 1 }, gives: { free: 1, spare: 0 } },
  {
    name: 'the browser counts it a second later',
    has: { free: 1, spare: 1, lag: 1_000 },
    gives: { free: 1, spare: 0 },
  },
  { name: 'there is nothing of that kind', has: { spare: 2 }, gives: { free: 0, spare: 1 } },
  { name: 'both are needed', has: { free: 2, spare: 2, needs: 3 }, gives: { free: 2, spare: 1 } },
])('gives back as little as it can where $name', async ({ has, gives }) => {
  const { given, done } = phone(has);
  await vi.runAllTimersAsync();
  expect(await done).toBe('written');
  expect(given).toEqual(gives);
});

test('says that the phone is full once nothing is left, and any other failure at once', async () => {
  const { given, done } = phone({ free: 1, spare: 1, needs: 3 });
  const said = expect(done).rejects.toMatchObject({ code: 'phone_storage_full' });
  await vi.runAllTimersAsync();
  await said;
  expect(given).toEqual({ free: 1, spare: 1 });
  const lost = new StorageError('phone_storage_lost');
  const free = vi.fn(async () => true);
  await expect(writeMakingRoom(() => Promise.reject(lost), { free })).rejects.toBe(lost);
  expect(free).not.toHaveBeenCalled();
});
