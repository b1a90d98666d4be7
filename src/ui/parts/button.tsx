import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

interface Common {
  readonly kind?: 'primary' | 'plain' | 'danger' | undefined;
  readonly icon?: IconName;
  readonly children: ComponentChildren;
  /** What it acts on, for whoever cannot see what it stands beside. */
  readonly of?: string | undefined;
}

export function Button(
  props: Common & { readonly onClick: () => void; readonly disabled?: boolean; readonly busy?: boolean },
) {
  const { kind, icon, children, onClick, of, disabled = false, busy = false } = props;
  return (
    <button
      type="button"
      class="button"
      data-kind={kind}
      onClick={onClick}
      disabled={disabled || busy}
      aria-busy={busy}
    >
      {busy ? <Icon name="sync" spin /> : icon !== undefined && <Icon name={icon} />}
      <span>
        {children}
        <Of of={of} />
      </span>
    </button>
  );
}

/** Looks like a button and is a link: goes somewhere, does nothing else. */
export function LinkButton({ kind, icon, children, of, href }: Common & { readonly href: string }) {
  return (
    <a class="button" data-kind={kind} href={href}>
      {icon !== undefined && <Icon name={icon} />}
      <span>
        {children}
        <Of of={of} />
      </span>
    </a>
  );
}

function Of({ of }: { readonly of: string | undefined }) {
  return of === undefined ? null : <span class="visually-hidden"> {of}</span>;
}
