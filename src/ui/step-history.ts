import { isTraversing, traverse, wasOwnStep } from './route.ts';

/** What a step of the flow leaves in the browser's history: how deep it is, and which device's draft it is of. */
interface StepEntry {
  readonly step: number;
  readonly of?: string;
}

/** The step that the browser's current entry stands for; undefined where it is no entry of the flow. */
export function entryHere(): StepEntry | undefined {
  const state: unknown = history.state;
  if (typeof state !== 'object' || state === null || !('bind' in state)) return undefined;
  const { bind } = state;
  if (typeof bind !== 'object' || bind === null || !('step' in bind) || typeof bind.step !== 'number')
    return undefined;
  return 'of' in bind && typeof bind.of === 'string' ? { step: bind.step, of: bind.of } : { step: bind.step };
}

/**
 * Brings the browser's entries in line with the flow, one for each step that can be gone back: a step deeper adds one, a step
 * back leaves it, so that none leads into a step that is over.
 */
export function alignHistory(depth: number, of: string | undefined): void {
  if (isTraversing()) return;
  const here = entryHere()?.step ?? 0;
  const state = (step: number) => ({ bind: { step, ...(of === undefined ? {} : { of }) } });
  if (depth < here) traverse(depth - here);
  else if (depth === here) history.replaceState(state(here), '');
  else for (let step = here + 1; step <= depth; step++) history.pushState(state(step), '');
}

/** Where the flow stands, and its step back. */
export interface SteppedFlow {
  depth(): number;
  back(): void;
  of(): string | undefined;
}

/** Follows the browser's back button for as long as the flow is on the screen. Gives what ends it. */
export function followHistory(flow: SteppedFlow): () => void {
  const onPop = () => {
    const entry = entryHere();
    // Left the flow: its screen goes with the route.
    if (entry === undefined && !location.pathname.startsWith('/bind')) return;
    const wanted = entry?.step ?? 0;
    while (!wasOwnStep() && flow.depth() > wanted) {
      const before = flow.depth();
      flow.back();
      if (flow.depth() >= before) break;
    }
    alignHistory(flow.depth(), flow.of());
  };
  addEventListener('popstate', onPop);
  return () => removeEventListener('popstate', onPop);
}
