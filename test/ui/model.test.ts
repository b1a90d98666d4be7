import { signal } from '@preact/signals';
import { describe, expect, it, test, vi } from 'vitest';
import type { LossReport } from '../../contract/phone.ts';
import type { EntryTools } from '../../src/ports/account.ts';
import type { BackendResult } from '../../src/ports/backend.ts';
import type { SafetyNet, Wipe } from '../../src/ports/keeping.ts';
import type { AppPorts } from '../../src/ui/app-ports.ts';
import { AppModel } from '../../src/ui/model.ts';
import { FakeClock } from '../support/device-clock.ts';
import { noDevices } from '../support/memory-devices.ts';
import { crypto, digest, EPOCH, session } from '../support/records.ts';
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
  prepare?: AppPorts['prepare'];
  account?: Partial<AppPorts['account']>;
  entry?: Partial<EntryTools>;
}) {
  const phone = await enrolledPhone();
  const parts: Partial<AppPorts> = {
    outbox: phone.outbox,
    again: async () => phone.outbox,
    work: phone.work,
    devices: noDevices,
    keepDevices: async () => undefined,
    clock: over.clock ?? new FakeClock(),
    takeAnswerTime: over.takeAnswerTime ?? (() => undefined),
    safety: { ...SAFE, ...over.safety },
    shell: { offlineReady: signal(true), askPersistence: async () => undefined } as never,
    crypto: { ...crypto, random: (n: number) => new Uint8Array(n).fill(255) },
    account: over.account as AppPorts['account'],
    entry: async () => over.entry as EntryTools,
    prepare: over.prepare ?? (async () => ({ ok: true })),
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

test('whoever signs in has the phone compare what it has with what the backend has, before anything else', async () => {
  const steps: string[] = [];
  const opened = await appWith({
    account: { signIn: async () => ({ ok: true, value: session() }) as const },
    prepare: async () => {
      steps.push(`prepare, signed in: ${(await opened.phone.outbox.accord()).signedIn}`);
      return { ok: true };
    },
  });
  await opened.phone.outbox.noteAccord({ notBefore: 1e15 });
  await opened.model.signIn('anna');
  expect(steps).toEqual(['prepare, signed in: true']);
  expect(await opened.phone.outbox.accord()).toMatchObject({ notBefore: 0 });
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

describe('an act that wants a sign-in', () => {
  const refused: BackendResult<string> = {
    ok: false,
    failure: { kind: 'refused', code: 'sign_in_again', detail: '' },
  };
  const ended: BackendResult<string> = { ok: false, failure: { kind: 'signed_out' } };
  const done: BackendResult<string> = { ok: true, value: 'done' };
  const nobody: Partial<AppPorts['account']> = {
    signInOptions: async () => ({ ok: true, value: { demo: [] } }),
  };
  const part = async () => ({});
  const asked = (model: AppModel) =>
    vi.waitFor(() => {
      if (model.signInAsked.value === undefined) throw new Error('nobody is asked');
      return model.signInAsked.value;
    });

  it.each([
    ['fresh', refused],
    ['ended', ended],
  ] as const)('asks for it (%s), and is done after it', async (why, first) => {
    const { model } = await appWith({ account: nobody });
    await model.wake();
    const answers = [first, done];
    const act = model.act(part, async () => answers.shift() ?? refused);
    const { why: said, answer } = await asked(model);
    expect(said).toBe(why);
    answer(true);
    expect(await act).toEqual(done);
    expect(model.signInAsked.value).toBeUndefined();
  });

  it('is not done where the person does not want to, or is somebody else', async () => {
    const { model } = await appWith({ account: nobody });
    await model.wake();
    let calls = 0;
    const act = model.act(part, async () => {
      calls++;
      return refused;
    });
    (await asked(model)).answer(false);
    expect(await act).toEqual(refused);
    expect(calls).toBe(1);
  });

  it('asks nobody where the network is what failed: that ends no session', async () => {
    const { model } = await appWith({ account: nobody });
    await model.wake();
    model.connection.value = 'online';
    const lost: BackendResult<string> = { ok: false, failure: { kind: 'unreachable' } };
    expect(await model.act(part, async () => lost)).toEqual(lost);
    expect([model.connection.value, model.signInAsked.value]).toEqual(['offline', undefined]);
    // What was to be loaded for it was not there either.
    expect(
      await model.act(
        () => Promise.reject(new Error('no chunk')),
        async () => done,
      ),
    ).toEqual(lost);
  });

  it('is done at once for a demo person, who has nothing to show', async () => {
    const { operator, name } = session();
    const { model } = await appWith({
      account: {
        signInOptions: async () => ({
          ok: true,
          value: { demo: [{ operator, name, role: 'installer', about: '' }] },
        }),
        signIn: async () => ({ ok: true, value: session() }),
      },
    });
    await model.wake();
    const answers = [ended, done];
    expect(await model.act(part, async () => answers.shift() ?? ended)).toEqual(done);
  });
});

describe('signing in by a passkey', () => {
  it('begins the session, or says what stood in the way and stays signed out', async () => {
    const codes = ['passkey_not_used', undefined];
    const { model } = await appWith({
      entry: {
        signIn: async () => {
          const code = codes.shift();
          return code === undefined ? { ok: true, session: session() } : { ok: false, code };
        },
      },
    });
    await model.wake();
    model.connection.value = 'signed_out';
    expect(await model.signInByPasskey()).toBe('passkey_not_used');
    expect(model.connection.value).toBe('signed_out');
    expect(await model.signInByPasskey()).toBeUndefined();
    expect(model.connection.value).toBe('online');
  });
});
