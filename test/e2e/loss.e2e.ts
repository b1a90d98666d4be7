import { afterAll, beforeAll, expect, it } from 'vitest';
import { tortureOurs } from '../bench/loss-ours.ts';
import { type LossStage, openLossStage } from '../bench/loss-stage.ts';

// The short form of `npm run bench -- loss`: twenty deaths, every kind of answer, and nothing lost or doubled.
let stage: LossStage;

beforeAll(async () => {
  stage = await openLossStage();
});

afterAll(async () => {
  await stage?.close();
});

it('loses nothing and doubles nothing over twenty kills', async () => {
  const figures = await tortureOurs(stage, { trials: 20, records: 200 });
  // How often Chromium lost its database differs from run to run, and so does what had no second copy by then.
  console.log(JSON.stringify(figures));
  const { trials, records, lost, doubled } = figures;
  expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 });
  expect(trials).toBeGreaterThanOrEqual(20);
  expect(records).toBeGreaterThanOrEqual(200);
  expect(stage.server.faults).toEqual([]);
});
