import { it } from 'vitest';

/** A test that only some firmwares can be put to. */
export function when(applies: unknown): (name: string, test: () => Promise<void>) => void {
  return applies ? it : () => undefined;
}
