import { useEffect, useState } from 'preact/hooks';
import { failureCode } from '../effects/trouble.ts';
import type { BackendResult } from '../ports/backend.ts';
import { useModel } from './model-context.ts';

type Call<Part, T> = (backend: Part) => Promise<BackendResult<T>>;

/** What a screen does at one part of the backend: whether it is at work, and why the last one failed. */
export interface ActsAt<Part> {
  readonly trouble: string | undefined;
  readonly busy: boolean;
  /** Says what failed on the screen's own side, or that nothing did. */
  readonly fail: (code: string | undefined) => void;
  /** Does it, also after a sign-in where it wants one. What it gave, or undefined where it failed. */
  act<T>(call: Call<Part, T>): Promise<T | undefined>;
  /** The same for what gives nothing: whether it was done. `after` still belongs to it. */
  run(call: Call<Part, unknown>, after?: () => Promise<void>): Promise<boolean>;
}

/** @param part where the calls go; it comes with its chunk at the first one */
export function useActs<Part>(part: () => Promise<Part>): ActsAt<Part> {
  const model = useModel();
  const [trouble, fail] = useState<string | undefined>();
  const [busy, setBusy] = useState(false);
  async function perform<T>(call: Call<Part, T>, after?: () => Promise<void>): Promise<BackendResult<T>> {
    setBusy(true);
    fail(undefined);
    const answer = await model.act(part, call);
    if (!answer.ok) fail(failureCode(answer.failure));
    await after?.();
    setBusy(false);
    return answer;
  }
  return {
    ...{ trouble, busy, fail },
    async act(call) {
      const answer = await perform(call);
      return answer.ok ? answer.value : undefined;
    },
    run: async (call, after) => (await perform(call, after)).ok,
  };
}

/** What the backend has now, as a screen shows it, and acts that change it. */
export interface FoundAt<Part, T> extends Pick<ActsAt<Part>, 'trouble' | 'busy' | 'fail'> {
  readonly found: T | undefined;
  /** Does it and reads again; whether it was done. */
  run(call: Call<Part, unknown>): Promise<boolean>;
  /** Does what answers with how it is now, which needs no second reading; whether it was done. */
  change(call: Call<Part, T>): Promise<boolean>;
}

/** @param of what it is read for: it is read once per visit, and for each other one anew */
export function useFound<Part, T>(part: () => Promise<Part>, read: Call<Part, T>, of = ''): FoundAt<Part, T> {
  const model = useModel();
  const { act, run, fail, trouble, busy } = useActs(part);
  const [found, setFound] = useState<T | undefined>();
  async function load(): Promise<void> {
    const answer = await model.ask(part, read);
    if (answer.ok) setFound(answer.value);
    else fail(failureCode(answer.failure));
  }
  useEffect(() => {
    void load();
  }, [of]);
  return {
    ...{ found, trouble, busy, fail },
    run: (call) => run(call, load),
    async change(call) {
      const now = await act(call);
      if (now !== undefined) setFound(now);
      return now !== undefined;
    },
  };
}
