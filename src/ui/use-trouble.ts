import { useState } from 'preact/hooks';
import { codeOf } from '../effects/trouble.ts';

/** What went wrong last on a screen, for its card, and acts that say there how they failed. */
export interface ScreenTrouble {
  readonly trouble: string | undefined;
  readonly fail: (error: unknown) => void;
  readonly run: (act: Promise<unknown>) => Promise<unknown>;
}

export function useTrouble(): ScreenTrouble {
  const [trouble, setTrouble] = useState<string | undefined>();
  const fail = (error: unknown) => setTrouble(codeOf(error));
  const run = (act: Promise<unknown>) => {
    setTrouble(undefined);
    return act.catch(fail);
  };
  return { trouble, fail, run };
}
