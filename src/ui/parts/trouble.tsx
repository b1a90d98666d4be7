import type { ComponentChildren } from 'preact';
import { type TroubleWords, troubleWords } from '../words/trouble.ts';
import { Icon } from './icon.tsx';

/**
 * What happened and what to do, with the stable code for whoever is asked about it. `waits`: nothing is wrong, somebody
 * else has the next move.
 */
export function TroubleCard(props: {
  readonly code: string;
  readonly waits?: boolean;
  /** The screen has the code in what it keeps for support. */
  readonly isCodeBelow?: boolean;
  /** Where to look the code up; a screen beside a device has more words than the first one needs. */
  readonly words?: (code: string) => TroubleWords;
  readonly children?: ComponentChildren;
}) {
  const { code, waits = false, isCodeBelow = false, words = troubleWords, children } = props;
  const { what, next } = words(code);
  return (
    <section class="card" data-tone={waits ? 'wait' : 'bad'} role="alert" data-code={code}>
      <h2>
        <Icon name={waits ? 'hand' : 'alert'} size={22} /> {what}
      </h2>
      <p>{next}</p>
      {!isCodeBelow && <p class="small mono">{code}</p>}
      {children}
    </section>
  );
}
