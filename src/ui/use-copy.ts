import { useState } from 'preact/hooks';

/** Copies a text that stands on the screen: whether it was, and the act. */
export function useCopy(text: string): readonly [isCopied: boolean, copy: () => Promise<void>] {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Refused: the text stands there, and can be marked.
    }
  };
  return [isCopied, copy];
}
