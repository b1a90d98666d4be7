import { expect, test } from 'vitest';
import type { FromLane, LaneRole, ToLane } from '../../src/scan/decode/protocol.ts';
import { NOTHING } from '../../src/scan/decode/reading.ts';
import { WorkerLane } from '../../src/scan/lane.ts';
import { LiveLanes } from '../../src/scan/lanes.ts';

/** A worker of which the test plays the inside. */
class PlayedWorker extends EventTarget {
  readonly role: LaneRole;
  readonly heard: ToLane[] = [];
  ended = false;

  constructor(role: LaneRole) {
    super();
    this.role = role;
  }
  postMessage(message: ToLane): void {
    this.heard.push(message);
  }
  terminate(): void {
    this.ended = true;
  }
  say(message: FromLane): void {
    this.dispatchEvent(new MessageEvent('message', { data: message }));
  }
  crash(): void {
    this.dispatchEvent(new Event('error'));
  }
}

function played() {
  const made: PlayedWorker[] = [];
  const workers = {
    wasmUrl: '/reader.wasm',
    make(role: LaneRole) {
      const worker = new PlayedWorker(role);
      made.push(worker);
      return worker as unknown as Worker;
    },
  };
  const at = (index: number) => {
    const worker = made[index];
    if (worker === undefined) throw new Error(`no worker ${index}`);
    return worker;
  };
  return { workers, made, at };
}

function frame() {
  const state = { closed: false };
  const close = () => {
    state.closed = true;
  };
  return { state, frame: { width: 1, height: 1, close } as unknown as ImageBitmap };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test('it opens with its role, reads one frame at a time, and answers with what the worker found', async () => {
  const { workers, at } = played();
  const lane = new WorkerLane('fast', workers);
  expect(at(0).heard).toEqual([{ kind: 'open', role: 'fast', wasmUrl: '/reader.wasm' }]);
  at(0).say({ kind: 'ready', engine: 'wasm' });
  await lane.ready;
  const reading = lane.read(frame().frame, undefined);
  expect(lane.busy).toBe(true);
  const second = frame();
  await expect(lane.read(second.frame, undefined)).rejects.toMatchObject({ code: 'stopped' });
  expect(second.state.closed).toBe(true);
  at(0).say({ kind: 'attempt', id: 99, attempt: NOTHING, brightness: 1 });
  at(0).say({ kind: 'attempt', id: 1, attempt: NOTHING, brightness: 80 });
  await expect(reading).resolves.toEqual({ attempt: NOTHING, brightness: 80 });
  expect(lane.busy).toBe(false);
});

test('a worker that dies fails what is under way and all that follows', async () => {
  const { workers, at } = played();
  const lane = new WorkerLane('rescue', workers);
  const reading = lane.read(frame().frame, undefined);
  at(0).crash();
  await expect(reading).rejects.toMatchObject({ code: 'decoder_failed' });
  await expect(lane.ready).rejects.toMatchObject({ code: 'decoder_failed' });
  await lane.died;
  expect(at(0).ended).toBe(true);
  expect(lane.busy).toBe(true);
  const late = frame();
  await expect(lane.read(late.frame, undefined)).rejects.toMatchObject({ code: 'decoder_failed' });
  expect(late.state.closed).toBe(true);
});

test('a dead lane is replaced by one of its role, until it is plain that this does not help', async () => {
  const { workers, made } = played();
  const lanes = new LiveLanes(workers);
  let failed = false;
  const opened = lanes.open(() => {
    failed = true;
  });
  for (const worker of made) worker.say({ kind: 'ready', engine: 'wasm' });
  await opened;
  const count = made.length;
  made[0]?.crash();
  await settled();
  expect(made.map((w) => w.role).slice(count)).toEqual(['fast']);
  for (let i = 0; i < 12 && !failed; i++) {
    for (const worker of made.filter((w) => !w.ended)) worker.crash();
    await settled();
  }
  expect(failed).toBe(true);
  expect(made.length).toBe(count + 3);
  expect(lanes.inService()).toEqual([]);
});

test('opening twice starts workers once; after closing it starts them anew', async () => {
  const { workers, made } = played();
  const lanes = new LiveLanes(workers);
  const both = [lanes.open(), lanes.open()];
  const count = made.length;
  for (const worker of made) worker.say({ kind: 'ready', engine: 'library' });
  await Promise.all(both);
  lanes.close();
  expect(made.every((w) => w.ended)).toBe(true);
  const again = lanes.open();
  expect(made.length).toBe(2 * count);
  lanes.close();
  await expect(again).rejects.toMatchObject({ code: 'stopped' });
});
