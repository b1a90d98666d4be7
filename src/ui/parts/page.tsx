import type { ComponentChildren } from 'preact';
import { useHeading } from '../use-heading.ts';
import { words } from '../words/en.ts';
import { Icon } from './icon.tsx';

/** One screen: an optional way back, its heading, its content, and the actions where the thumb is. */
export function Page(props: {
  readonly title?: string;
  readonly intro?: ComponentChildren;
  readonly onBack?: (() => void) | undefined;
  readonly wide?: boolean;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  const heading = useHeading(props.title);
  return (
    <>
      <div class="page rise" data-wide={props.wide === true ? 'yes' : undefined}>
        {props.onBack !== undefined && (
          <div class="topbar">
            <button type="button" class="icon-button" onClick={props.onBack} aria-label={words.nav.back}>
              <Icon name="back" />
            </button>
          </div>
        )}
        {props.title !== undefined && (
          <div class="page-head">
            <h1 ref={heading} tabIndex={-1}>
              {props.title}
            </h1>
            {props.intro !== undefined && <p class="quiet">{props.intro}</p>}
          </div>
        )}
        {props.children}
      </div>
      {props.actions !== undefined && (
        <div class="actions" id="actions" tabIndex={-1}>
          <div class="actions-inner">{props.actions}</div>
        </div>
      )}
    </>
  );
}
