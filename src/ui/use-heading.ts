import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { words } from './words/en.ts';

/** The first heading after loading is where the browser starts anyway; focus there would jump over the skip links. */
let hasNavigated = false;

/**
 * Names the page by its heading and moves the focus there at every navigation, so that a screen reader says where one is
 * (WCAG 2.4.2, 2.4.3). A heading that only changes its words, as when a record is decided, leaves the focus where a person works.
 */
export function useHeading(title: string | undefined): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef<string>(undefined);
  useEffect(() => {
    if (title === undefined) return;
    document.title = `${title} · ${words.app}`;
    const isNew = shown.current === undefined;
    shown.current = title;
    const isFirst = !hasNavigated;
    hasNavigated = true;
    if (isNew && !isFirst) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return heading;
}
