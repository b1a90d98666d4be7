import { afterEach, describe, expect, test } from 'vitest';
import { IdbDevices } from '../../src/storage/devices.ts';
import { IdbOutbox } from '../../src/storage/outbox.ts';
import { crypto, digest, ORG, queuedRecord, recordId } from '../support/records.ts';
import { dropDatabases, freshDatabase, openDatabase } from './databases.ts';

afterEach(dropDatabases);

const [INES, JO] = ['ines', 'jo'];
const NOW = Date.UTC(2026, 0, 2);

function phone(name = freshDatabase()) {
  const db = openDatabase(name);
  const outbox = new IdbOutbox(db, () => NOW);
  const titles = async () => new Map<string, string>();
  return { name, db, outbox, devices: new IdbDevices({ db, outbox, crypto, now: () => NOW, titles }) };
}

type Phone = ReturnType<typeof phone>;

/** Rows as an older version left them, or as this one would: without what nobody asks of here. */
async function put({ db }: Phone, rows: readonly ReturnType<typeof queuedRecord>[]): Promise<void> {
  await db.use(async (open) => {
    const tx = open.transaction('q', 'readwrite');
    for (const row of rows) await tx.store.put(row);
    await tx.done;
  });
}

async function signIn({ devices }: Phone, operator: string): Promise<void> {
  const { made } = await devices.keepFor({ operator, orgs: [ORG] });
  await made;
}

const refused = (seq: number, operator: string, udid = 'acme-1') =>
  queuedRecord({
    seq,
    udid,
    operator,
    operatorName: operator,
    kid: digest(operator === INES ? 900 : 901),
    state: 'refused',
    code: 'proof_wrong',
    decidedAt: '2026-01-01T00:00:00.000Z',
  });

describe('a phone that two people share', () => {
  test('what one has read of a refusal, the other has not', async () => {
    const shared = phone();
    await put(shared, [refused(1, INES), refused(2, JO)]);
    await signIn(shared, INES);
    expect((await shared.devices.device(ORG, 'acme-1'))?.need).toBe('refused');
    await shared.devices.read(ORG, 'acme-1');
    expect((await shared.devices.device(ORG, 'acme-1'))?.need).toBe('none');
    await signIn(shared, JO);
    expect((await shared.devices.device(ORG, 'acme-1'))?.need).toBe('refused');
  });

  test('what is unsent of the other is a number, and never a row', async () => {
    const shared = phone();
    const unsent = [3, 4].map((seq) => ({ ...refused(seq, JO, `acme-${seq}`), state: 'saved' as const }));
    await put(shared, [refused(1, INES), ...unsent]);
    await signIn(shared, INES);
    expect(await shared.devices.overview()).toMatchObject({
      devices: 1,
      needs: { refused: 1 },
      others: [{ name: JO, unsent: 2 }],
    });
    expect(await shared.devices.device(ORG, 'acme-3')).toBeUndefined();
    await signIn(shared, JO);
    expect(await shared.devices.overview()).toMatchObject({ devices: 2, needs: { send: 2 }, others: [] });
  });
});

test('rows that were half made when the phone died are all made by the next start, each once', async () => {
  const before = phone();
  const rows = Array.from({ length: 1_000 }, (_, n) => ({
    ...refused(n + 1, INES, `acme-${n}`),
    id: recordId(n + 1),
  }));
  await put(before, rows);
  // Four writes come through: it begins, and three slices of rows are made.
  let left = 4;
  const outbox = {
    subscribe: before.outbox.subscribe.bind(before.outbox),
    write: ((work) => {
      left -= 1;
      return left < 0 ? Promise.reject(new Error('the phone is off')) : before.outbox.write(work);
    }) as typeof before.outbox.write,
  };
  const titles = async () => new Map<string, string>();
  const dying = new IdbDevices({ db: before.db, outbox, crypto, now: () => NOW, titles });
  const { made } = await dying.keepFor({ operator: INES, orgs: [ORG] });
  await expect(made).rejects.toThrow('the phone is off');
  expect(await before.devices.overview()).toMatchObject({ devices: 600 });
  const after = phone(before.name);
  await signIn(after, INES);
  await signIn(after, INES);
  expect(await after.devices.overview()).toMatchObject({ devices: 1_000, needs: { refused: 1_000 } });
  const first = await after.devices.find({ needs: ['refused'], limit: 25 });
  expect([first.rows.length, first.of]).toEqual([25, 1_000]);
});

test('a search that failed once is made anew by the next one', async () => {
  const { db, outbox, ...rest } = phone();
  await put({ db, outbox, ...rest }, [refused(1, INES)]);
  let isLost = true;
  const titles = async () => {
    if (isLost) throw new Error('lost');
    return new Map<string, string>();
  };
  const devices = new IdbDevices({ db, outbox, crypto, now: () => NOW, titles });
  await signIn({ ...rest, db, outbox, devices }, INES);
  await expect(devices.find({ words: 'ACME-1', limit: 25 })).rejects.toThrow('lost');
  isLost = false;
  expect(await devices.find({ words: 'ACME-1', limit: 25 })).toMatchObject({ of: 1 });
});
