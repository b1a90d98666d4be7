import type { ComponentChildren } from 'preact';
import { troubleWords } from '../words/trouble.ts';
import { Icon } from './icon.tsx';

/** What happened and what to do, with the stable code for whoever is asked about it. */
export function TroubleCard({
  code,
  children,
}: {
  readonly code: string;
  readonly children?: ComponentChildren;
}) {
  const { what, next } = troubleWords(code);
  return (
    <section class="card" data-tone="bad" role="alert" data-code={code}>
      <h2>
        <Icon name="alert" size={22} /> {what}
      </h2>
      <p>{next}</p>
      <p class="small mono">{code}</p>
      {children}
    </section>
  );
}
