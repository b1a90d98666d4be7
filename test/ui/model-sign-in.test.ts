import { describe, expect, it, test, vi } from 'vitest';
import type { PrepareResult } from '../../src/effects/prepare.ts';
import type { BackendResult } from '../../src/ports/backend.ts';
import type { AppPorts } from '../../src/ui/app-ports.ts';
import type { AppModel } from '../../src/ui/model.ts';
import { appWith } from '../support/app-model.ts';
import { session } from '../support/records.ts';

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

test('a preparation that was at work when somebody signed in says nothing of their session', async () => {
  const old = Promise.withResolvers<PrepareResult>();
  const answers = [old.promise, Promise.resolve<PrepareResult>({ ok: true })];
  const began = vi.fn();
  const { model } = await appWith({
    account: { session: async () => ({ ok: true, value: session() }) as const },
    entry: { signIn: async () => ({ ok: true, session: session() }) },
    prepare: async () => {
      began();
      return (await answers.shift()) ?? { ok: true };
    },
  });
  await model.wake();
  const before = model.prepare();
  await vi.waitFor(() => expect(began).toHaveBeenCalledOnce());
  expect(await model.signInByPasskey()).toBeUndefined();
  // The sign-in's own is over, and this one is not.
  expect(model.preparing.value).toBe(true);
  // Signing in ended the session that it was asked with.
  old.resolve({ ok: false, failure: { kind: 'signed_out' } });
  expect(await before).toBe(false);
  expect([model.prepareTrouble.value, model.connection.value]).toEqual([undefined, 'online']);
  expect(model.preparing.value).toBe(false);
});

test('a preparation is under way from the tap on, and over when the backend says no', async () => {
  const answer = Promise.withResolvers<BackendResult<ReturnType<typeof session>>>();
  const { model } = await appWith({ account: { session: () => answer.promise } });
  await model.wake();
  const done = model.prepare();
  expect(model.preparing.value).toBe(true);
  answer.resolve({ ok: false, failure: { kind: 'signed_out' } });
  expect(await done).toBe(false);
  expect([model.preparing.value, model.prepareTrouble.value]).toEqual([false, 'signed_out']);
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
