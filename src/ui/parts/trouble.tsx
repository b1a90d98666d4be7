import type { ComponentChildren } from 'preact';
import { troubleWords } from '../words/trouble.ts';
import { Icon } from './icon.tsx';

/**
 * What happened and what to do, with the stable code for whoever is asked about it. `waits`: nothing is wrong, somebody
 * else has the next move.
 */
export function TroubleCard(props: {
  readonly code: string;
  readonly waits?: boolean;
  readonly children?: ComponentChildren;
}) {
  const { code, waits = false, children } = props;
  const { what, next } = troubleWords(code);
  return (
    <section class="card" data-tone={waits ? 'wait' : 'bad'} role="alert" data-code={code}>
      <h2>
        <Icon name={waits ? 'hand' : 'alert'} size={22} /> {what}
      </h2>
      <p>{next}</p>
      <p class="small mono">{code}</p>
      {children}
    </section>
  );
}
