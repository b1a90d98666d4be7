import { useSignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { type Flow, startFlow, type Transition } from '../flow/run-flow.ts';
import { useModel } from './model-context.ts';

/** What a screen does with its flow. It is asked for once, when the screen appears. */
interface FlowVisit<State, Event, Effect> {
  perform(effect: Effect, send: (event: Event) => void): void;
  onState?(state: State): void;
  onEnter?(flow: Flow<State, Event>): void;
  onLeave?(state: State): void;
}

/** One flow for as long as its screen stands: the state it is in now, and the flow to send events to. */
export function useFlow<State, Event, Effect>(
  initial: State,
  transition: Transition<State, Event, Effect>,
  visit: () => FlowVisit<State, Event, Effect>,
): readonly [State, Flow<State, Event>] {
  const state = useSignal(initial);
  const [{ flow, onEnter, onLeave }] = useState(() => {
    const { perform, onState, onEnter, onLeave } = visit();
    const onMoved = (next: State) => {
      state.value = next;
      onState?.(next);
    };
    return { flow: startFlow(initial, transition, onMoved, perform), onEnter, onLeave };
  });
  useEffect(() => {
    onEnter?.(flow);
    return () => onLeave?.(flow.state());
  }, []);
  return [state.value, flow];
}

/** While this screen stands a new version waits, since its work with a device would not survive a reload. */
export function useBusyFlow(): void {
  const { busyFlow } = useModel();
  useEffect(() => {
    busyFlow.value = true;
    return () => {
      busyFlow.value = false;
    };
  }, [busyFlow]);
}
