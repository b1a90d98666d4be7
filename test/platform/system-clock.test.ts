import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/platform/system-clock.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('sleeps as long as asked', async () => {
  const done = vi.fn();
  const sleep = systemClock.sleep(1000).then(done);
  await vi.advanceTimersByTimeAsync(999);
  expect(done).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await sleep;
  expect(done).toHaveBeenCalled();
  expect(systemClock.now()).toBe(Date.now());
});

test('an abort ends the sleep, and leaves no timer and no listener', async () => {
  const controller = new AbortController();
  const remove = vi.spyOn(controller.signal, 'removeEventListener');
  const sleep = systemClock.sleep(1_000_000, controller.signal);
  controller.abort();
  await sleep;
  expect(vi.getTimerCount()).toBe(0);
  await systemClock.sleep(1_000_000, controller.signal);
  expect(vi.getTimerCount()).toBe(0);
  expect(remove).toHaveBeenCalled();
});

test('a signal that outlives many sleeps keeps none of them', async () => {
  const { signal } = new AbortController();
  const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
  for (let i = 0; i < 3; i++) {
    const sleep = systemClock.sleep(10, signal);
    await vi.advanceTimersByTimeAsync(10);
    await sleep;
  }
  expect(remove.mock.calls.length).toBe(add.mock.calls.length);
});
