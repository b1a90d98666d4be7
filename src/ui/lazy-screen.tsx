import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { Page } from './parts/page.tsx';
import { TroubleCard } from './parts/trouble.tsx';

/** A screen that comes with its own chunk. Every chunk is in the precache, so this works without signal. */
export function lazyScreen<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | 'failed' | undefined>(undefined);
  let asked = false;
  return function LazyScreen(props: Props) {
    if (!asked) {
      asked = true;
      load().then(
        (screen) => {
          loaded.value = screen;
        },
        () => {
          asked = false;
          loaded.value = 'failed';
        },
      );
    }
    const Screen = loaded.value;
    if (Screen === undefined) return <Page />;
    if (Screen === 'failed') {
      return (
        <Page>
          <TroubleCard code="needs_signal" />
        </Page>
      );
    }
    return <Screen {...props} />;
  };
}
