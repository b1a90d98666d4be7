/** What a transition gives: the next state, and effects as data for somebody else to perform. */
export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export type Transition<State, Event, Effect> = (state: State, event: Event) => Step<State, Effect>;

/**
 * A running flow. An effect may answer until the next effect is started; later answers are dropped, because the table
 * could not tell them from answers of the step that took its place. `send` changes the state and starts effects
 * synchronously, so that a browser still counts them as part of the person's tap.
 */
export interface Flow<State, Event> {
  state(): State;
  send(event: Event): void;
}

export function startFlow<State, Event, Effect>(
  initial: State,
  transition: Transition<State, Event, Effect>,
  onState: (state: State) => void,
  perform: (effect: Effect, send: (event: Event) => void) => void,
): Flow<State, Event> {
  let current = initial;
  let asked = 0;
  const send = (event: Event): void => {
    const step = transition(current, event);
    current = step.state;
    onState(current);
    if (step.effects.length > 0) asked++;
    const mine = asked;
    for (const effect of step.effects) {
      perform(effect, (answer) => {
        if (mine === asked) send(answer);
      });
    }
  };
  return { state: () => current, send };
}
