import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { cryptoPort } from '../core/webcrypto.ts';
import { accordClient } from '../src/backend/accord-client.ts';
import { photoClient } from '../src/backend/photo-client.ts';
import { syncClient } from '../src/backend/sync-client.ts';
import { systemClock } from '../src/platform/system-clock.ts';
import { IdbAgain } from '../src/storage/again.ts';
import { DatabaseHandle } from '../src/storage/database.ts';
import { IdbKeptStatements } from '../src/storage/kept-statements.ts';
import { OperatorKeyStore } from '../src/storage/operator-key.ts';
import { IdbOutbox } from '../src/storage/outbox.ts';
import { IdbPhotos } from '../src/storage/photos.ts';
import { IdbWorkStore } from '../src/storage/work-store.ts';
import { runDrain } from '../src/sync/run-drain.ts';
import { uploadPhotos } from '../src/sync/send-photos.ts';
import { noticeOfPush } from './notice-of-push.ts';
import { whyAgain } from './why-again.ts';

declare const self: ServiceWorkerGlobalScope & {
  readonly __WB_MANIFEST: { url: string; revision: string | null }[];
};

/** Background sync (WICG; not in TypeScript's worker types). */
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

/** The app's shell, and nothing else, comes from the cache; records never pass through Workbox. */
cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST);
registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [/^\/(api|ca|crl|ocsp|healthz|metrics|\.well-known)(\/|$)/],
  }),
);

// A new version waits for consent: only the page, asked by a person, sends the first. The second comes from a page that no
// worker controls, which is one visited for the first time: so one visit is enough to work offline. It swaps nothing, for
// only the active worker can claim, and the pages that are controlled are its own already.
self.addEventListener('message', (event) => {
  const type = (event.data as { type?: unknown } | null)?.type;
  if (type === 'SKIP_WAITING') void self.skipWaiting();
  if (type === 'CLAIM') event.waitUntil(self.clients.claim());
});

/** The browser found signal while the app was closed or asleep: the same drain as the page's. */
self.addEventListener('sync', (event) => {
  const sync = event as SyncEvent;
  if (sync.tag === 'outbox') sync.waitUntil(drainInBackground());
});

/** Somebody has to know something now: it is said in words of this app, and a tap opens it. */
self.addEventListener('push', (event) => {
  const { title, text, tag } = noticeOfPush(event.data?.text());
  const icons = { icon: '/icon-192.png', badge: '/icon-192.png' };
  event.waitUntil(self.registration.showNotification(title, { body: text, tag, ...icons }));
});
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openApp());
});

/** The app where it is open already: a second one beside it would only confuse. */
async function openApp(): Promise<void> {
  const [open] = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  await (open === undefined ? self.clients.openWindow('/') : open.focus());
}

const PHOTOS_MS = 120_000;

async function drainInBackground(): Promise<void> {
  const db = new DatabaseHandle();
  const crypto = cryptoPort(self.crypto);
  const outbox = new IdbOutbox(db);
  const work = new IdbWorkStore(db, new OperatorKeyStore(db));
  const photos = new IdbPhotos(db);
  const ports = {
    outbox,
    work,
    again: new IdbAgain(db, outbox),
    kept: new IdbKeptStatements(db),
    backend: { ...syncClient, ...accordClient },
    clock: systemClock,
    crypto,
    owner: self.crypto.randomUUID(),
  };
  try {
    const drain = { ...ports, photos: async () => photos, force: true };
    const outcome = await runDrain(drain, new AbortController().signal);
    // Rejecting tells the browser to try again later.
    const why = whyAgain(outcome);
    if (why !== undefined) throw new Error(why);
    // Browsers end a worker that takes minutes; what is left goes on from there the next time.
    await uploadPhotos(
      { ...ports, photos, backend: photoClient, force: true },
      AbortSignal.timeout(PHOTOS_MS),
    );
  } finally {
    outbox.close();
    db.close();
  }
}
