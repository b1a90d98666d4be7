import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useMemo } from 'preact/hooks';
import { Button } from './parts/button.tsx';
import { Page } from './parts/page.tsx';
import { TroubleCard } from './parts/trouble.tsx';
import { goBack } from './route.ts';
import { words } from './words/en.ts';

/** A screen that comes with its own chunk. Every chunk is in the precache, so this works without signal. */
export function lazyScreen<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | 'loading' | 'failed'>('loading');
  let asked = false;
  const ask = async (): Promise<void> => {
    asked = true;
    loaded.value = 'loading';
    try {
      loaded.value = await load();
    } catch {
      asked = false;
      loaded.value = 'failed';
    }
  };
  const again = async (): Promise<void> => {
    await ask();
    // Browsers keep a failed import for as long as the page lives (whatwg/html#6768), so a new page asks; not where even
    // that could not be had.
    if (loaded.peek() === 'failed' && (await isThere('/index.html'))) location.reload();
  };
  return function LazyScreen(props: Props) {
    // Retried at every visit until it is loaded, because the network may be back.
    useMemo(() => void (asked || ask()), []);
    const Screen = loaded.value;
    if (Screen === 'loading') return <Page />;
    if (Screen === 'failed') {
      return (
        <Page
          onBack={goBack}
          actions={
            <Button kind="primary" icon="sync" onClick={() => void again()}>
              {words.nav.again}
            </Button>
          }
        >
          <TroubleCard code="needs_signal" />
        </Page>
      );
    }
    return <Screen {...props} />;
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    return (await fetch(path, { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}
