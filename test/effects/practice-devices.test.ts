import { expect, test, vi } from 'vitest';
import { ListRow } from '../../contract/list-row.ts';
import { parse } from '../../contract/parse.ts';
import { PracticeShelf, type Simulator } from '../../src/effects/practice-devices.ts';

interface State {
  readonly udid: string;
}
const LABEL = 'DPP:K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgAD0cTM6AQB5ofx7AV1fNeQftD6A/uSIhVuU7UB5CZ6kWk=;;';

function shelf(stored?: unknown) {
  let kept = stored;
  let made = 0;
  const store = {
    load: async () => kept,
    save: vi.fn(async (_udid: string, state: unknown) => {
      kept = state;
    }),
  };
  const simulator: Simulator<State> = {
    readState: (value) =>
      typeof value === 'object' && value !== null && 'udid' in value ? (value as State) : undefined,
    async createSimulatedDevice({ state, onState }) {
      made += 1;
      const udid = state?.udid ?? `practice-${made}`;
      onState({ udid });
      return {
        udid,
        label: LABEL,
        wire: { attach: () => ({ send: () => undefined, detach: () => undefined }) },
      };
    },
  };
  const load = vi.fn(async () => simulator);
  return { store, load, made: () => made, shelf: new PracticeShelf(load, store) };
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

test('unpacking replaces it', async () => {
  const it = shelf({ udid: 'practice-7' });
  await it.shelf.current();
  const fresh = await it.shelf.unpack();
  expect(fresh.udid).not.toBe('practice-7');
  expect((await it.shelf.current()).udid).toBe(fresh.udid);
});

test('its row is what its maker would hand over: the key from the label, fit for the contract', async () => {
  const { row, labelText } = await shelf().shelf.current();
  expect(parse(ListRow, row)).toMatchObject({ maker: 'practice', udid: 'practice-1', anchor: 'key' });
  expect(row.publicKey).toMatch(/^[\w-]{100,}$/);
  expect(labelText).toBe(LABEL);
});
