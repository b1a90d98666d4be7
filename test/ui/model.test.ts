import { signal } from '@preact/signals';
import { describe, expect, it, test } from 'vitest';
import type { LossReport } from '../../contract/phone.ts';
import type { SafetyNet, Wipe } from '../../src/ports/keeping.ts';
import type { AppPorts } from '../../src/ui/app-ports.ts';
import { AppModel } from '../../src/ui/model.ts';
import { FakeClock } from '../support/device-clock.ts';
import { digest, EPOCH } from '../support/records.ts';
import { enrolledPhone } from '../sync/phone.ts';

const AT = '2026-01-01T00:00:00.000Z';
const REPORT: LossReport = {
  kid: digest(900),
  epoch: EPOCH,
  head: 3,
  unsent: [{ from: 1, to: 3 }],
  lastSeenAt: AT,
  foundAt: AT,
};

const SAFE: SafetyNet = {
  findLosses: async () => [],
  weigh: async () => [],
  tellLosses: async () => undefined,
  note: async () => undefined,
  check: async () => ({ restored: 0, torn: 0 }),
  refill: async () => true,
};

/** The app over a test phone's storage; what a test does not touch is not there. */
async function appWith(over: {
  safety?: Partial<SafetyNet>;
  undo?: AppPorts['undo'];
  drain?: AppPorts['drain'];
  takeAnswerTime?: AppPorts['takeAnswerTime'];
  clock?: FakeClock;
}) {
  const phone = await enrolledPhone();
  const parts: Partial<AppPorts> = {
    outbox: phone.outbox,
    work: phone.work,
    clock: over.clock ?? new FakeClock(),
    takeAnswerTime: over.takeAnswerTime ?? (() => undefined),
    safety: { ...SAFE, ...over.safety },
    shell: { offlineReady: signal(true), askPersistence: async () => undefined } as never,
    prepare: async () => ({ ok: true }) as never,
    rescue: async () => ({ prepare: async () => undefined }) as never,
    undo: over.undo ?? (async () => undefined),
    photoUpload: { pause: () => undefined, go: async () => undefined },
    drain: over.drain ?? (async () => 'busy'),
    afterDrain: async () => false,
  };
  return { phone, model: new AppModel(parts as AppPorts) };
}

describe('a start after the storage was cleared', () => {
  it('weighs what is lost once both copies were compared, whatever was put back', async () => {
    const steps: string[] = [];
    const wipe: Wipe = { report: REPORT, lost: [{ from: 2, to: 3 }], waiting: 1 };
    const { model } = await appWith({
      safety: {
        findLosses: async () => [REPORT],
        check: async () => {
          steps.push('check');
          return { restored: 10, torn: 0 };
        },
        weigh: async (losses) => {
          steps.push('weigh');
          expect(losses).toEqual([REPORT]);
          return [wipe];
        },
      },
    });
    await model.wake();
    expect(steps).toEqual(['check', 'weigh']);
    expect(model.wipes.value).toEqual([wipe]);
  });

  it('says that the storage fails where the outbox cannot be read, and claims no number', async () => {
    const { model } = await appWith({
      safety: {
        findLosses: async () => [REPORT],
        weigh: async () => {
          throw Object.assign(new Error('gone'), { code: 'phone_storage_lost' });
        },
      },
    });
    await model.wake();
    expect(model.wipes.value).toEqual([]);
    expect(model.storageTrouble.value).toBe('phone_storage_lost');
  });
});

test('a loss is told and the new storage noted before a screen shows that the phone is prepared', async () => {
  const steps: string[] = [];
  const app = await appWith({
    safety: {
      tellLosses: async () => {
        steps.push(`told, prepared: ${app.model.enrolment.value !== undefined}`);
      },
      note: async () => {
        steps.push('noted');
      },
    },
  });
  expect(await app.model.prepareWith({} as never)).toBe(true);
  expect(steps).toEqual(['told, prepared: false', 'noted']);
  expect(app.model.enrolment.value).toBeTruthy();
});

describe('an undo', () => {
  it('that fails says so by its code, outlives a drain, and may be tried again', async () => {
    let tries = 0;
    const { phone, model } = await appWith({
      undo: async () => {
        if (++tries === 1) throw Object.assign(new Error('full'), { code: 'phone_storage_full' });
      },
    });
    const row = await phone.capture();
    await model.wake();
    await model.undo(row);
    expect(model.undone.has(row.id)).toBe(false);
    expect(model.undoTrouble.value).toBe('phone_storage_full');
    await model.sync(true);
    expect(model.undoTrouble.value).toBe('phone_storage_full');
    await model.undo(row);
    expect(model.undoTrouble.value).toBeUndefined();
    expect(model.undone.has(row.id)).toBe(true);
    await model.undo(row);
    expect(tries).toBe(2);
  });
});

it('sends at once what a person asks for while a drain waits for its turn', async () => {
  const turn = Promise.withResolvers<void>();
  const forced: boolean[] = [];
  const { model } = await appWith({
    drain: async (force) => {
      forced.push(force);
      await turn.promise;
      return 'busy';
    },
  });
  await model.wake();
  const round = model.sync(false);
  await model.sync(true);
  turn.resolve();
  await round;
  await model.sync(false);
  expect(forced).toEqual([false, true, false]);
});

describe('the clock of a phone', () => {
  const DAY = 24 * 3_600_000;

  it('is compared with an answer that came just now, and with none that came before', async () => {
    const clock = new FakeClock();
    let said: number | undefined = clock.now() - 9 * DAY;
    const takeAnswerTime = () => {
      const at = said;
      said = undefined;
      return at;
    };
    const answers: (number | undefined)[] = [undefined, 2 * DAY, 0];
    const { model } = await appWith({
      clock,
      takeAnswerTime,
      drain: async () => {
        const ahead = answers.shift();
        said = ahead === undefined ? undefined : clock.now() + ahead;
        return { kind: 'nothing_to_do' };
      },
    });
    await model.wake();
    await model.sync(true);
    expect(model.readiness.value.clock).toBe('ready');
    await model.sync(true);
    expect(model.readiness.value.clock).toBe('behind');
    await model.sync(true);
    expect(model.readiness.value.clock).toBe('ready');
  });

  it('is no longer said to be wrong once somebody set it', async () => {
    const clock = new FakeClock();
    const { model } = await appWith({ clock });
    await model.wake();
    model.behindBackend.value = -2 * DAY;
    expect(model.readiness.value.clock).toBe('ahead');
    model.tick();
    expect(model.readiness.value.clock).toBe('ahead');
    clock.advance(-DAY / 24);
    model.tick();
    expect(model.behindBackend.value).toBeUndefined();
  });
});
