import { describe, expect, it, test } from 'vitest';
import type { LossReport } from '../../contract/phone.ts';
import type { Wipe } from '../../src/ports/keeping.ts';
import type { AppPorts } from '../../src/ui/app-ports.ts';
import { appWith } from '../support/app-model.ts';
import { FakeClock } from '../support/device-clock.ts';
import { digest, EPOCH, session } from '../support/records.ts';

const AT = '2026-01-01T00:00:00.000Z';
const REPORT: LossReport = {
  kid: digest(900),
  epoch: EPOCH,
  head: 3,
  unsent: [{ from: 1, to: 3 }],
  lastSeenAt: AT,
  foundAt: AT,
};

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

describe('a key that the backend does not know', () => {
  const needed = { kind: 'refused', code: 'confirmation_needed', detail: '' } as const;
  const unknown = { kind: 'refused', code: 'operator_key_unknown', detail: '' } as const;
  const account = { session: async () => ({ ok: true, value: session() }) as const };

  /** The drain finds the key unknown, as long as `isUnknown`. */
  async function app(prepare: AppPorts['prepare'], isUnknown: () => boolean) {
    const drains: boolean[] = [];
    const opened = await appWith({
      account,
      prepare,
      drain: async () => {
        const kid = opened.phone.key.signer.kid;
        drains.push(isUnknown());
        if (!isUnknown()) return { kind: 'done', sent: 0 };
        await opened.phone.outbox.noteAccord({ unknownKid: kid, enrolAgain: kid });
        return { kind: 'stopped', sent: 0, failure: unknown };
      },
    });
    await opened.model.wake();
    return { ...opened, drains };
  }

  it('is enrolled again, and sending goes on at once', async () => {
    const asked: (boolean | undefined)[] = [];
    let isUnknown = true;
    const prepare: AppPorts['prepare'] = async (_, again) => {
      asked.push(again);
      isUnknown = false;
      return { ok: true };
    };
    const { phone, model, drains } = await app(prepare, () => isUnknown);
    await model.sync(true);
    expect(asked).toEqual([true]);
    expect(drains).toEqual([true, false]);
    expect(await phone.outbox.accord()).toMatchObject({ unknownKid: null, enrolAgain: null });
    expect(model.connection.value).toBe('online');
    await model.sync(true);
    expect(asked).toHaveLength(1);
  });

  it('of a person whom nobody has confirmed is asked about again later, and less often each time; nothing stops', async () => {
    let asked = 0;
    let isUnknown = true;
    const prepare: AppPorts['prepare'] = async () => {
      asked += 1;
      isUnknown = false; // the backend keeps the key all the same
      return { ok: false, failure: needed };
    };
    const { phone, model, drains } = await app(prepare, () => isUnknown);
    await model.sync(true);
    expect(drains).toEqual([true, false]);
    expect(model.prepareTrouble.value).toBe('confirmation_needed');
    expect(model.connection.value).toBe('online');
    expect(model.enrolment.value).toBeTruthy();
    const clock = model.ports.clock as FakeClock;
    const times: number[] = [];
    for (let i = 0; i < 600; i++) {
      clock.advance(30_000);
      const before = asked;
      await model.sync(false);
      if (asked > before) times.push(i);
    }
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps.length).toBeGreaterThan(4);
    expect(gaps.toSorted((one, other) => one - other)).toEqual(gaps);
    expect(Math.max(...gaps) * 30_000).toBeLessThanOrEqual(3_660_000);
    expect(await phone.outbox.accord()).toMatchObject({ enrolAgain: phone.key.signer.kid });
  });

  it('goes on saying so when the packs are refreshed meanwhile', async () => {
    let isUnknown = true;
    const prepare: AppPorts['prepare'] = async (_, again) => {
      isUnknown = false;
      return again === true ? { ok: false, failure: needed } : { ok: true };
    };
    const { model } = await app(prepare, () => isUnknown);
    await model.sync(true);
    expect(await model.prepare()).toBe(true);
    expect(model.prepareTrouble.value).toBe('confirmation_needed');
  });

  it('is no matter without a session: the person is asked to sign in, as ever', async () => {
    const prepare: AppPorts['prepare'] = async () => {
      throw new Error('not without a session');
    };
    const { model } = await app(prepare, () => true);
    (model.ports as { account: unknown }).account = {
      session: async () => ({ ok: false, failure: { kind: 'signed_out' } }),
    };
    await model.sync(true);
    expect(model.connection.value).toBe('signed_out');
  });
});

test('what was sent again is said until a person has read it', async () => {
  const { phone, model } = await appWith({});
  await phone.outbox.noteAccord({}, { of: 3, done: 3, putBack: true, isOver: true });
  await model.wake();
  expect(model.summary.value?.again).toMatchObject({ done: 3 });
  await model.readAgain();
  await model.refreshOutbox();
  expect(model.summary.value?.again).toBeUndefined();
});
