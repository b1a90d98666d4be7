import { afterEach, expect, it, vi } from 'vitest';
import { openBluetooth } from '../../../src/device/links/web-bluetooth.ts';
import { drive, FakeClock } from '../../support/device-clock.ts';
import { codeOf } from '../../support/device-code.ts';

// Promises of the browser's that never settle, as measured there after a drop: test/e2e/links.e2e.ts runs the real ones.
const never = () => new Promise<never>(() => undefined);
const settled = async () => undefined;

/** A device whose connects go as told, the last for ever after; `read` is what reading its one characteristic does. */
function bluetoothDevice(
  connects: readonly (() => Promise<unknown>)[],
  read: () => Promise<DataView> = never,
) {
  const device = new EventTarget();
  const counts = { connects: 0, disconnects: 0 };
  const remote = Object.assign(new EventTarget(), { readValue: read });
  const gatt = {
    connected: true,
    connect: () => (connects[counts.connects++] ?? connects.at(-1) ?? never)(),
    disconnect: () => {
      counts.disconnects += 1;
    },
    getPrimaryService: async () => ({ getCharacteristic: async () => remote }),
  };
  return { device: Object.assign(device, { gatt }) as unknown as BluetoothDevice, counts };
}

const failing = () => Promise.reject(new DOMException('Connection failed', 'NetworkError'));
const fine = async () => undefined;

function opening(device: BluetoothDevice, abort = new AbortController()) {
  const clock = new FakeClock();
  const run = <T>(work: Promise<T>) => drive(work, clock, settled);
  return { clock, run, abort, link: run(openBluetooth(device, clock, abort.signal)) };
}

async function characteristicOf(read: () => Promise<DataView>) {
  const { device } = bluetoothDevice([fine], read);
  const { link, run, clock } = opening(device);
  const open = await link;
  const found = await run(open.characteristic('service', 'one', new AbortController().signal));
  if (found === undefined) throw new Error('no characteristic');
  return { device, open, found, run, clock };
}

afterEach(() => vi.unstubAllGlobals());

it.each([
  { name: 'is off or out of reach, where the browser answers', answer: async () => true, code: 'timed_out' },
  { name: 'is unreachable for ever, where the browser is silent too', answer: never, code: 'link_stuck' },
  {
    name: 'is off, where the browser fails to say more',
    answer: () => Promise.reject(new DOMException('none', 'InvalidStateError')),
    code: 'timed_out',
  },
])('says of a device that twice hangs on connecting that it $name', async ({ answer, code }) => {
  vi.stubGlobal('navigator', { bluetooth: { getAvailability: answer } });
  const { device, counts } = bluetoothDevice([never]);
  const { link, clock } = opening(device);
  expect(await codeOf(link)).toBe(code);
  // Each try is given up, so that a late success leaves nobody connected.
  expect([counts.connects, counts.disconnects, clock.sleeping]).toEqual([2, 2, 0]);
});

it.each([
  { name: 'fails twice', connects: [failing, failing, fine] },
  { name: 'hangs once', connects: [never, fine] },
])('connects all the same when the first try $name', async ({ connects }) => {
  const { device } = bluetoothDevice(connects);
  expect((await opening(device).link).lost.aborted).toBe(false);
});

it('gives up after three failures, and at once when told to', async () => {
  const { device, counts } = bluetoothDevice([failing]);
  expect(await codeOf(opening(device).link)).toBe('link_lost');
  expect(counts.connects).toBe(3);
  const abort = new AbortController();
  const { link, clock } = opening(bluetoothDevice([never]).device, abort);
  abort.abort();
  expect(await codeOf(link)).toBe('aborted');
  expect(clock.sleeping).toBe(0);
});

it('ends a read that never settles by the disconnect, by the abort or by its own limit', async () => {
  const signal = new AbortController().signal;
  const first = await characteristicOf(never);
  const cut = first.found.read(signal);
  first.device.dispatchEvent(new Event('gattserverdisconnected'));
  expect(await codeOf(first.run(cut))).toBe('link_lost');

  const second = await characteristicOf(never);
  const abort = new AbortController();
  const stopped = second.found.read(abort.signal);
  abort.abort();
  expect(await codeOf(second.run(stopped))).toBe('aborted');

  // After a silence nobody knows what the far end has: the link is given up, and what waits behind ends with it.
  const third = await characteristicOf(never);
  const behind = third.found.read(signal);
  const late = codeOf(third.run(third.found.read(signal)));
  expect(await codeOf(third.run(behind))).toBe('timed_out');
  expect([await late, third.open.lost.aborted]).toEqual(['link_lost', true]);
  for (const { clock } of [first, second, third]) expect(clock.sleeping).toBe(0);
});

it('begins nothing while a read that was stopped is still under way', async () => {
  const answers: ((value: DataView) => void)[] = [];
  const { found, run, clock } = await characteristicOf(
    () => new Promise<DataView>((resolve) => void answers.push(resolve)),
  );
  const abort = new AbortController();
  const stopped = codeOf(found.read(abort.signal));
  await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  expect(await stopped).toBe('aborted');
  const next = found.read(new AbortController().signal);
  await new Promise((resolve) => setImmediate(resolve));
  // Android refuses a second operation beside the first.
  expect(answers).toHaveLength(1);
  answers[0]?.(new DataView(new ArrayBuffer(1)));
  await new Promise((resolve) => setImmediate(resolve));
  answers[1]?.(new DataView(new ArrayBuffer(2)));
  expect((await run(next)).length).toBe(2);
  expect(clock.sleeping).toBe(0);
});

it('gives the link up where what was stopped never ends', async () => {
  const { open, found, run, clock } = await characteristicOf(never);
  const abort = new AbortController();
  const stopped = codeOf(found.read(abort.signal));
  await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  expect(await stopped).toBe('aborted');
  expect(await run(codeOf(found.read(new AbortController().signal)))).toBe('link_lost');
  expect([open.lost.aborted, clock.sleeping]).toEqual([true, 0]);
});

it('tells a refusal from a link that just went, though both have one name', async () => {
  const refusing = () => Promise.reject(new DOMException('GATT error', 'NotSupportedError'));
  const signal = new AbortController().signal;
  const refused = await characteristicOf(refusing);
  expect(await codeOf(refused.run(refused.found.read(signal)))).toBe('device_refused');
  const gone = await characteristicOf(refusing);
  const read = gone.found.read(signal);
  setImmediate(() => gone.device.dispatchEvent(new Event('gattserverdisconnected')));
  expect(await codeOf(gone.run(read))).toBe('link_lost');
});

it('answers at once that a device lacks what was asked for', async () => {
  const { device } = bluetoothDevice([fine]);
  const { link, clock } = opening(device);
  const open = await link;
  Object.assign(device.gatt ?? {}, {
    getPrimaryService: () => Promise.reject(new DOMException('none', 'NotFoundError')),
  });
  // No clock is moved: this answer must cost no wait of ours.
  expect(await open.characteristic('other', 'one', new AbortController().signal)).toBeUndefined();
  expect(clock.sleeping).toBe(0);
});
