import { effect, type ReadonlySignal, signal } from '@preact/signals';
import { Workbox } from 'workbox-window';
import type { Shell } from '../ports/shell.ts';

/** The install prompt as Chromium hands it out (not in TypeScript's DOM types; W3C manifest-incubations). */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

/** Registration with one-shot background sync (WICG background-sync; Chromium only). */
interface SyncRegistration extends ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void> };
}

const SYNC_TAG = 'outbox';
/** Held, shared, by every tab that is at work with a device. */
const FLOW_LOCK = 'fieldbind-flow';
/** An installed app may stay open for weeks. */
const UPDATE_CHECK_MS = 60 * 60 * 1000;

/** The installed shell. Nothing is swapped without consent: a newer worker waits until `update` is called. */
export class AppShell implements Shell {
  /** A worker that controls the page was activated, and it is activated only with all of the app in its cache. */
  readonly offlineReady = signal(isControlled());
  readonly updateWaiting = signal(false);
  readonly installable = signal(false);
  readonly persisted = signal(false);
  readonly backgroundSync = signal(false);
  #prompt: InstallPrompt | undefined;
  #workbox: Workbox | undefined;
  #registration: SyncRegistration | undefined;

  /** `script` is the worker's address, already trusted by the page's one policy. */
  async start(script: string): Promise<void> {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.#prompt = event as InstallPrompt;
      this.installable.value = true;
    });
    addEventListener('appinstalled', () => {
      this.installable.value = false;
    });
    this.persisted.value = (await navigator.storage?.persisted?.()) ?? false;
    if (!('serviceWorker' in navigator)) return;
    const workbox = new Workbox(script, { type: 'module' });
    this.#workbox = workbox;
    workbox.addEventListener('waiting', () => {
      this.updateWaiting.value = true;
    });
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      // Another tab consented: this one still runs the old version, and asks before it starts anew.
      if (this.offlineReady.value) this.updateWaiting.value = true;
      this.offlineReady.value = isControlled();
    });
    this.offlineReady.value = isControlled();
    const registration = await workbox.register();
    if (registration === undefined) return;
    this.#registration = registration;
    // The event alone has been seen to stay away; the registration itself knows.
    if (registration.waiting !== null && navigator.serviceWorker.controller !== null)
      this.updateWaiting.value = true;
    this.backgroundSync.value = 'sync' in registration;
    const { active } = await navigator.serviceWorker.ready;
    if (!isControlled()) active?.postMessage({ type: 'CLAIM' });
    setInterval(() => void registration.update().catch(() => undefined), UPDATE_CHECK_MS);
  }

  /** Keeps every tab from swapping the app while this page is `busy` with a device. */
  deferUpdatesWhile(busy: ReadonlySignal<boolean>): void {
    effect(() => {
      if (!busy.value) return;
      const over = new AbortController();
      holdFlowLock(over.signal).catch(() => undefined);
      return () => over.abort();
    });
  }

  /** With any tab at work with a device nothing happens, and the notice stays. */
  update(): void {
    if (navigator.locks === undefined) this.#swap();
    else
      void navigator.locks.request(FLOW_LOCK, { ifAvailable: true }, (lock) => {
        if (lock !== null) this.#swap();
      });
  }

  #swap(): void {
    if (this.#registration?.waiting == null) {
      location.reload();
      return;
    }
    this.#workbox?.addEventListener('controlling', () => location.reload());
    this.#workbox?.messageSkipWaiting();
  }

  async install(): Promise<void> {
    await this.#prompt?.prompt();
  }

  async askPersistence(): Promise<void> {
    this.persisted.value = (await navigator.storage?.persist?.()) ?? false;
  }

  async requestBackgroundSync(): Promise<void> {
    try {
      await this.#registration?.sync?.register(SYNC_TAG);
    } catch {
      // Not granted here: the page drains by itself when it is open.
    }
  }
}

function isControlled(): boolean {
  return navigator.serviceWorker?.controller != null;
}

/** From as soon as it can be had until `over`. */
async function holdFlowLock(over: AbortSignal): Promise<void> {
  const ended = new Promise<void>((resolve) => over.addEventListener('abort', () => resolve()));
  await navigator.locks?.request(FLOW_LOCK, { mode: 'shared', signal: over }, () => ended);
}
