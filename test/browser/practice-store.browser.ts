import { afterEach, expect, test } from 'vitest';
import { IdbPracticeStore } from '../../src/storage/practice-store.ts';
import { dropDatabases, freshDatabase, openDatabase } from './databases.ts';

afterEach(dropDatabases);

test('each device is kept under its UDID, and the one unpacked last is the newest, whatever was written since', async () => {
  const store = new IdbPracticeStore(openDatabase(freshDatabase()));
  expect([await store.load(), await store.load('z')]).toEqual([undefined, undefined]);
  await store.save('z', 'first');
  await store.save('a', 'second');
  await store.save('z', 'first, written');
  expect([await store.load(), await store.load('z')]).toEqual(['second', 'first, written']);
});

test('with more than 20, the one unpacked first goes; a row without a turn, of an older version, before all', async () => {
  const db = openDatabase(freshDatabase());
  await db.use((open) => open.put('simulated', { udid: 'old', state: 'old' }));
  const store = new IdbPracticeStore(db);
  expect(await store.load()).toBe('old');
  for (let i = 0; i < 20; i++) await store.save(`device-${i}`, i);
  expect([await store.load('old'), await store.load('device-0')]).toEqual([undefined, 0]);
  await store.save('device-0', 'written');
  await store.save('one more', 'x');
  expect([await store.load('device-0'), await store.load('device-1'), await store.load()]).toEqual([
    undefined,
    1,
    'x',
  ]);
});
