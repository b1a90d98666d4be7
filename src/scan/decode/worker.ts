/// <reference lib="webworker" />
import { pixelReader, shownSize } from './frame-pixels.ts';
import { libraryPasses } from './library-passes.ts';
import { fastPass, rescuePasses } from './live-passes.ts';
import { brightness } from './luma.ts';
import { firstReading, type Pass, subjectOf } from './passes.ts';
import type { FromLane, LaneRole, ToLane } from './protocol.ts';
import { inFractions, readPhoto } from './read-photo.ts';
import { type Attempt, NOTHING } from './reading.ts';
import { stillPasses } from './still-passes.ts';
import { prepareWasm } from './wasm-engine.ts';

/** A decoding lane: told its role once, then given one image at a time. The page waits for each answer. */
declare const self: DedicatedWorkerGlobalScope;

const pixels = pixelReader();
let lane: Promise<{ readonly passes: readonly Pass[] }> | undefined;
let turn = 0;

self.addEventListener('message', ({ data }: MessageEvent<ToLane>) => {
  switch (data.kind) {
    case 'open':
      lane = openLane(data.role, data.wasmUrl);
      return;
    case 'frame':
      void frame(data);
      return;
    case 'photo':
      void photo(data);
      return;
    default:
      data satisfies never;
  }
});

async function openLane(role: LaneRole, wasmUrl: string | undefined) {
  const wasm =
    wasmUrl !== undefined &&
    (await prepareWasm({ url: wasmUrl }).then(
      () => true,
      () => false,
    ));
  // The fast lane with WebAssembly never needs the library, so it does not load it.
  const library = wasm && role === 'fast' ? undefined : (await import('./library-engine.ts')).readWithLibrary;
  const withWasm = {
    fast: () => [fastPass],
    photo: () => stillPasses(library),
    rescue: () => rescuePasses(library),
  };
  const passes = wasm || library === undefined ? withWasm[role]() : libraryPasses(library);
  tell({ kind: 'ready', engine: wasm ? 'wasm' : 'library' });
  return { passes };
}

async function frame({ id, frame, region }: ToLane & { kind: 'frame' }): Promise<void> {
  let attempt: Attempt = NOTHING;
  let light = 0;
  try {
    const whole = shownSize(frame);
    const part = region ?? { x: 0, y: 0, ...whole };
    const rgba = pixels(frame, part, 1);
    if (rgba !== undefined) {
      light = brightness(rgba);
      const { passes } = (await lane) ?? { passes: [] };
      const pass = passes[turn++ % Math.max(1, passes.length)];
      const found = await firstReading(pass === undefined ? [] : [pass], subjectOf(rgba));
      attempt = inFractions(found, { ...part, scale: 1 }, whole);
    }
  } catch {
    // A frame that cannot be drawn (its source ended, memory ran out) is a frame without a code; the next may do.
  } finally {
    frame.close();
    tell({ kind: 'attempt', id, attempt, brightness: light });
  }
}

async function photo({ id, image }: ToLane & { kind: 'photo' }): Promise<void> {
  const outcome = await readPhoto(image, (await lane)?.passes ?? []);
  if (!outcome.ok) tell({ kind: 'failed', id, code: outcome.code });
  else tell({ kind: 'attempt', id, attempt: outcome.attempt, brightness: outcome.brightness });
}

function tell(message: FromLane): void {
  self.postMessage(message);
}
