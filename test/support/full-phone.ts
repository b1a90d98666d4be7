import type { Page } from 'playwright-core';

/** Chromium believes for half a minute what it last knew of an origin's free space (measured: 600 MB went past a new limit). */
const STALE_MS = 31_000;

/** Fills the origin's quota to the brim with a database of its own. */
export async function fillPhone(page: Page, origin: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const used = await page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: used + 1024 * 1024 });
  await page.waitForTimeout(STALE_MS);
  await fillUp(page);
}

/** Takes what room there is. */
export async function fillUp(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const open = indexedDB.open('filler', 1);
      open.onupgradeneeded = () => open.result.createObjectStore('s', { autoIncrement: true });
      open.onsuccess = () => resolve(open.result);
      open.onerror = () => reject(open.error);
    });
    const put = (size: number) =>
      new Promise<boolean>((resolve) => {
        const tx = db.transaction('s', 'readwrite', { durability: 'strict' });
        const bytes = new Uint8Array(size);
        for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
        tx.objectStore('s').add(bytes);
        tx.oncomplete = () => resolve(true);
        tx.onabort = () => resolve(false);
      });
    for (const size of [262144, 32768, 4096, 1024]) {
      for (let i = 0; i < 2000 && (await put(size)); i++);
    }
    db.close();
  });
}

/** Room again: the filler goes and the quota is the browser's own. */
export async function emptyPhone(page: Page, origin: string): Promise<void> {
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        indexedDB.deleteDatabase('filler').onsuccess = resolve;
      }),
  );
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin });
}
