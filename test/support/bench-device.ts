import type { Page } from 'playwright-core';
import type { Misbehaviour } from '../../simulator/profiles/firmware.ts';
import type { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { type DevicePty, servePty } from '../../simulator/pty.ts';
import { simulatedDevice } from './device-simulated.ts';
import { deviceFolder, type FieldApp, rowFor, tapTo } from './field-app.ts';

/** Home, once the phone has the newest lists: the pack of the person's last organisation is the last thing that is asked for. */
export async function refreshed(page: Page, last = 'training'): Promise<void> {
  // The page before may still be asking, for lists that are older.
  let isLoaded = false;
  page.once('framenavigated', () => {
    isLoaded = true;
  });
  const packs = page.waitForResponse(
    (answer) => isLoaded && answer.url().includes(`/api/work-pack?org=${last}`),
  );
  await tapTo(page, '/');
  await packs;
}

/** A listed device on the cable, and a phone that knows the list. */
export async function plugInListed(app: FieldApp, changes: Parameters<typeof rowFor>[1] = {}) {
  const plugged = await plugIn(app);
  await app.server.importList('northfield', [rowFor(plugged.device, changes)]);
  await refreshed(app.page());
  return plugged;
}

let made = 0;

/** A new device on the cable, until `unplug`. Each has a UDID of its own. */
export async function plugIn(
  app: FieldApp,
  options: { readonly misbehaviour?: Misbehaviour; readonly udid?: string } = {},
): Promise<{ readonly device: ZephyrCredDevice; unplug(): Promise<void> }> {
  made += 1;
  const udid = options.udid ?? `mac-02b0${String(made).padStart(8, '0')}`;
  const device = await simulatedDevice({ ...options, udid });
  const pty: DevicePty = await servePty(device, deviceFolder(app), true);
  app.serial.plug(pty.path);
  await app.page().waitForFunction(async () => (await navigator.serial.getPorts()).length === 1);
  return {
    device,
    async unplug() {
      app.serial.unplug();
      await pty.close();
      await app.page().waitForFunction(async () => (await navigator.serial.getPorts()).length === 0);
    },
  };
}

/** Step 1 by the typed code. */
export async function typeLabel(page: Page, text: string): Promise<void> {
  await page.getByRole('button', { name: 'Type the code' }).click();
  await page.fill('#typed-code', text);
  await page.getByRole('button', { name: 'Use this code' }).click();
}

/** Steps 2 and 3: link chosen, what the device can do shown and looked at, key and request read. */
export async function connectAndRead(page: Page, link: string): Promise<void> {
  await page.click(`[data-link=${link}]`);
  await readFound(page);
}

/** Step 3 from the table of what the device can and cannot do. */
export async function readFound(page: Page): Promise<void> {
  await page.locator('[data-table=abilities]').waitFor();
  await page.getByRole('button', { name: /^Read / }).click();
}

/** Steps 1 to 4: typed label, cable, checks shown. */
export async function typeAndConnect(page: Page, label: string): Promise<void> {
  await typeLabel(page, label);
  await connectAndRead(page, 'serial');
}

/** Step 5: a domain by its name, and a site by its id, none where none is named. */
export async function choosePlace(page: Page, domain: string, site = ''): Promise<void> {
  await pick(page, 'domain', `[data-value$="/${domain}"]`);
  await pick(page, 'site', `[data-value="${site}"]`);
}

/** Chooses in a picker, whether it is open or closed. */
export async function pick(page: Page, id: string, option: string): Promise<void> {
  const picker = page.locator(`[data-pick=${id}]`);
  await picker.waitFor();
  if ((await picker.getAttribute('data-open')) === 'no') await picker.locator('button').click();
  await picker.locator(option).click();
}

/** Steps 5 and 6. */
export async function save(page: Page, domain: string, site = ''): Promise<void> {
  await choosePlace(page, domain, site);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
}

/** The one trouble on the screen: its code, and that it says what happened and what to do. */
export async function troubleOn(page: Page): Promise<string> {
  const card = page.locator('[role=alert][data-code]');
  await card.waitFor();
  const [what, next] = [
    await card.locator('h2').textContent(),
    await card.locator('p').first().textContent(),
  ];
  if ((what ?? '').trim().length < 8 || (next ?? '').trim().length < 8)
    throw new Error('a trouble without words');
  return (await card.getAttribute('data-code')) ?? '';
}
