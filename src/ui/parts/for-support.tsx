import { useState } from 'preact/hooks';
import { bindWords } from '../words/bind.ts';
import { Button } from './button.tsx';
import { Facts } from './facts.tsx';

/** What support asks for, out of everybody else's way: folded, and copied in one go. */
export function ForSupport({
  of,
  open = false,
}: {
  readonly of: readonly (readonly [name: string, value: string | undefined])[];
  readonly open?: boolean;
}) {
  const [copied, setCopied] = useState(false);
  const say = bindWords.support;
  const text = of
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  return (
    <details class="folded" data-part="for-support" open={open}>
      <summary>{say.title}</summary>
      <Facts of={of.map(([name, value]) => [name, value && <bdi class="mono">{value}</bdi>])} />
      <Button
        onClick={() =>
          void navigator.clipboard?.writeText(text).then(
            () => setCopied(true),
            () => undefined,
          )
        }
      >
        {copied ? say.copied : say.copy}
      </Button>
    </details>
  );
}
