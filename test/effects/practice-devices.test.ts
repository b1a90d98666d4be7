import { expect, test, vi } from 'vitest';
import { ListRow } from '../../contract/list-row.ts';
import { parse } from '../../contract/parse.ts';
import { PracticeShelf, type Simulator } from '../../src/effects/practice-devices.ts';

interface State {
  readonly udid: string;
  readonly text?: string;
}
const LABEL = 'DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAD0cTM6AQB5ofx7AV1fNeQftD6A/uSIhVuU7UB5CZ6kWk=;;';

/** What lies in the store, the newest last. */
function shelf(...stored: unknown[]) {
  const kept = new Map(stored.map((state, i) => [readUdid(state) ?? `row-${i}`, state]));
  let made = 0;
  let wire: { readonly leadsTo?: string; readonly misbehaves?: string } = {};
  let write = (_text: string): void => undefined;
  const store = {
    load: vi.fn(async (udid?: string) => (udid === undefined ? [...kept.values()].at(-1) : kept.get(udid))),
    save: vi.fn(async (udid: string, state: unknown) => {
      kept.set(udid, state);
    }),
  };
  const simulator: Simulator<State> = {
    readState: (value) => (readUdid(value) === undefined ? undefined : (value as State)),
    newState: async () => {
      made += 1;
      return { udid: `practice-${made}` };
    },
    async createSimulatedDevice({ state: { udid }, onState, misbehaviour }) {
      write = (text) => onState({ udid, text });
      return {
        udid,
        label: LABEL,
        wire: Object.assign(
          { attach: () => ({ send: () => undefined, detach: () => undefined }) },
          { leadsTo: udid, misbehaves: misbehaviour?.kind },
        ),
      };
    },
  };
  const load = vi.fn(async () => simulator);
  const it = new PracticeShelf(load, store);
  return {
    store,
    load,
    write: (text: string) => write(text),
    made: () => made,
    shelf: it,
    linked: async () => {
      wire = Object(await it.wire());
      return wire.leadsTo;
    },
    misbehaved: () => wire.misbehaves,
  };
}

function readUdid(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'udid' in value ? String(value.udid) : undefined;
}

test('one device is made when first asked for, and is the same afterwards', async () => {
  const it = shelf();
  expect(it.load).not.toHaveBeenCalled();
  const [one, two] = await Promise.all([it.shelf.current(), it.shelf.current()]);
  await it.shelf.wire();
  expect([one.udid, two.udid, it.made()]).toEqual(['practice-1', 'practice-1', 1]);
  expect(it.store.save).toHaveBeenCalledWith('practice-1', { udid: 'practice-1' });
});

test('a stored one comes back, and what is stored but makes no sense does not', async () => {
  expect((await shelf({ udid: 'practice-7' }).shelf.current()).udid).toBe('practice-7');
  expect((await shelf('nonsense').shelf.current()).udid).toBe('practice-1');
});

test('with another unpacked, the link leads to that one, and the first is still there to be woken', async () => {
  const it = shelf({ udid: 'practice-7' });
  await it.shelf.current();
  const fresh = await it.shelf.unpack();
  expect(fresh.udid).not.toBe('practice-7');
  expect((await it.shelf.current()).udid).toBe(fresh.udid);
  expect(await it.linked()).toBe(fresh.udid);
  it.shelf.wake('practice-7');
  expect([await it.linked(), await it.linked()]).toEqual(['practice-7', 'practice-7']);
  expect((await it.shelf.current()).udid).toBe(fresh.udid);
  expect(await it.linked()).toBe(fresh.udid);
});

test('waking works first thing after a reload, and leaves an open device as it is', async () => {
  const it = shelf({ udid: 'practice-7' }, { udid: 'practice-8' });
  it.shelf.wake('practice-7');
  expect(await it.linked()).toBe('practice-7');
  await it.shelf.current();
  const wire = await it.shelf.wire();
  it.shelf.wake('practice-8');
  expect(await it.shelf.wire()).toBe(wire);
});

test('one woken that is no longer kept is silent; no other answers for it', async () => {
  const it = shelf({ udid: 'practice-7' });
  it.shelf.wake('practice-1');
  await expect(it.shelf.wire()).rejects.toMatchObject({ code: 'device_silent' });
  expect(it.made()).toBe(0);
});

test('what is written into a device is stored under its own name, even after another was unpacked', async () => {
  const it = shelf();
  await it.shelf.current();
  it.write('certificate');
  expect(it.store.save).toHaveBeenLastCalledWith('practice-1', { udid: 'practice-1', text: 'certificate' });
  it.store.save.mockRejectedValueOnce(new Error('full'));
  it.write('lost without a word');
  await it.shelf.unpack();
  expect(it.store.save).toHaveBeenLastCalledWith('practice-2', { udid: 'practice-2' });
});

test('a load that failed is tried again', async () => {
  const it = shelf();
  it.load.mockRejectedValueOnce(new TypeError('no chunk'));
  await expect(it.shelf.current()).rejects.toThrow('no chunk');
  expect((await it.shelf.current()).udid).toBe('practice-1');
  const later = shelf({ udid: 'practice-7' });
  later.store.load.mockRejectedValueOnce(new Error('lost'));
  await expect(later.shelf.wire()).rejects.toThrow('lost');
  expect(await later.linked()).toBe('practice-7');
});

test('its row is what its maker would hand over: the key from the label, fit for the contract', async () => {
  const { row, labelText } = await shelf().shelf.current();
  expect(parse(ListRow, row)).toMatchObject({ maker: 'practice', udid: 'practice-1', anchor: 'key' });
  expect(row.publicKey).toMatch(/^[\w-]{100,}$/);
  expect(labelText).toBe(LABEL);
});

test('another device, or a silent one, is on the cable once; a broken one stays broken until another is at hand', async () => {
  const it = shelf({ udid: 'old-1' });
  await it.shelf.current();
  for (const [fault, kind] of [
    ['other', 'other-device'],
    ['silent', 'silent'],
  ] as const) {
    it.shelf.fail(fault);
    expect([await it.linked(), it.misbehaved()]).toEqual(['old-1', kind]);
    expect([await it.linked(), it.misbehaved()]).toEqual(['old-1', undefined]);
  }
  it.shelf.fail('broken');
  for (let i = 0; i < 2; i++)
    expect([await it.linked(), it.misbehaved()]).toEqual(['old-1', 'broken-signature']);
  await it.shelf.unpack();
  expect([await it.linked(), it.misbehaved()]).toEqual(['practice-1', undefined]);
});

test('the certificate of a device that was practised to fail is written into a sound one', async () => {
  const it = shelf({ udid: 'old-1' }, { udid: 'old-2' });
  await it.shelf.current();
  it.shelf.fail('broken');
  it.shelf.wake('old-2');
  expect([await it.linked(), it.misbehaved()]).toEqual(['old-2', undefined]);
});
