import { PushSubscription } from '../../contract/notice.ts';
import { parse } from '../../contract/parse.ts';
import { toBase64Url, utf8 } from '../../core/bytes.ts';
import type { PushPort } from '../ports/notices.ts';

/** How long a browser is waited for: one that reaches no push service may never answer. Milliseconds. */
const LONGEST_TRY = 20_000;

/** What the worker is subscribed to; undefined where there is no worker or no push service. */
async function current(): Promise<globalThis.PushSubscription | undefined> {
  const registration = await navigator.serviceWorker?.getRegistration();
  return (await registration?.pushManager?.getSubscription()) ?? undefined;
}

/** Push by the browser's own service. What it cannot do, it says as an outcome. */
export const push: PushPort = {
  async here() {
    try {
      const { endpoint } = (await current()) ?? {};
      if (endpoint === undefined) return undefined;
      return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(endpoint))));
    } catch {
      return undefined;
    }
  },

  async begin(key) {
    try {
      if (typeof Notification === 'undefined') return 'push_not_possible';
      // Asked for at the tap on the button: browsers let no page ask by itself.
      if ((await Notification.requestPermission()) !== 'granted') return 'push_denied';
      const registration = await navigator.serviceWorker?.getRegistration();
      if (registration?.pushManager === undefined) return 'push_not_possible';
      // One that was made for another installation's key takes no messages of ours.
      await (await current())?.unsubscribe();
      const made = await soon(
        registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }),
      );
      const { endpoint, keys } = made.toJSON();
      const found = parse(PushSubscription, { endpoint, keys });
      if (found === undefined) await made.unsubscribe();
      return found ?? 'push_not_possible';
    } catch {
      return 'push_not_possible';
    }
  },

  async end() {
    try {
      await (await current())?.unsubscribe();
    } catch {
      // The backend has forgotten it, so nothing is pushed to it any more.
    }
  },
};

/** The same, or a rejection when it takes too long. What comes later is known to nobody, and the next try takes it back. */
async function soon<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('no answer')), LONGEST_TRY);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
