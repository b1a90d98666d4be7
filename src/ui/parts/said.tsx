import { useRef, useState } from 'preact/hooks';

/** What was done just now, said where it is seen whatever is scrolled, until it was read or the next thing is said. */
export interface SaidOf {
  readonly text: string | undefined;
  readonly say: (text: string) => void;
}

const READ_MS = 8_000;

export function useSaid(): SaidOf {
  const [text, setText] = useState<string | undefined>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  return {
    text,
    say(next) {
      clearTimeout(timer.current);
      setText(next);
      timer.current = setTimeout(() => setText(undefined), READ_MS);
    },
  };
}

/** The live region stands there before its words come: a screen reader reads only what changes inside one. */
export function Said({ of: { text } }: { readonly of: SaidOf }) {
  return (
    <div role="status" class="said-holder">
      {text !== undefined && (
        <p class="said card" data-tone="good">
          {text}
        </p>
      )}
    </div>
  );
}
