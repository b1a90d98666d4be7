import type { AppModel } from './model.ts';

/** How often an app in view sends what waits, besides after a capture and on a tap. */
const SYNC_EVERY_MS = 30_000;

/** Sends and fetches when signal is back, when the app comes into view, and now and then while it is. */
export function keepInSync(model: AppModel): void {
  const visible = () => document.visibilityState === 'visible';
  addEventListener('online', () => void model.sync(true));
  addEventListener('offline', () => {
    model.connection.value = 'offline';
  });
  document.addEventListener('visibilitychange', () => {
    if (!visible()) return;
    void model.sync(true);
    void model.refresh();
  });
  setInterval(() => {
    if (!visible()) return;
    void model.sync(false);
    void model.refresh();
  }, SYNC_EVERY_MS);
}
