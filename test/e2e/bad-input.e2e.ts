import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListRow } from '../../contract/list-row.ts';
import type { Misbehaviour } from '../../simulator/profiles/firmware.ts';
import type { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import {
  connectAndRead,
  plugIn,
  save,
  troubleOn,
  typeAndConnect,
  typeLabel,
} from '../support/bench-device.ts';
import { simulatedDevice } from '../support/device-simulated.ts';
import { type FieldApp, rowFor, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { emptyPhone, fillPhone, fillUp } from '../support/full-phone.ts';
import { PATIENCE } from '../support/patience.ts';
import { photoOf, printLabel } from '../support/photo.ts';
import { OAK_STREET } from '../support/server.ts';

// Each bad input gives a code of its own, a sentence and a next action; whatever was saved stays.
let app: FieldApp;
let page: Page;
let unplug: (() => Promise<void>) | undefined;

beforeAll(async () => {
  app = await startFieldApp();
  await signInAndPrepare(await app.open(), 'ines');
  page = app.page();
});

beforeEach(async () => {
  await tapTo(page, '/bind');
  await page
    .getByRole('heading', { name: 'Scan the label' })
    .or(page.getByRole('button', { name: 'Back' }))
    .first()
    .waitFor();
});

afterEach(async () => {
  // Leaves the flow, so that no draft of one test greets the next.
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const open = indexedDB.open('fieldbind');
        open.onsuccess = () => {
          const tx = open.result.transaction('draft', 'readwrite');
          tx.objectStore('draft').clear();
          tx.oncomplete = () => {
            open.result.close();
            resolve();
          };
        };
      }),
  );
  await tapTo(page, '/');
  await unplug?.();
  unplug = undefined;
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app?.close();
});

/** Puts the device on the list, refreshes the pack and plugs it in. */
async function listed(
  changes: Partial<ListRow> | undefined,
  options: { readonly misbehaviour?: Misbehaviour } = {},
): Promise<ZephyrCredDevice> {
  const plugged = await plugIn(app, options);
  unplug = plugged.unplug;
  if (changes !== undefined) {
    await app.server.importList('northfield', [rowFor(plugged.device, changes)]);
    await tapTo(page, '/'); // a start refreshes the pack
    await page.waitForResponse((answer) => answer.url().includes('/api/work-pack?org=training'));
    await tapTo(page, '/bind');
  }
  return plugged.device;
}

async function failedChecks(): Promise<(string | null)[]> {
  await page.getByRole('heading', { name: 'A check failed' }).waitFor();
  return page
    .locator('.check[data-result=failed]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-check')));
}

describe('label', () => {
  it('refuses a photo without a code', async () => {
    const photo = await photoOf({ pixels: new Uint8Array(200 * 200).fill(180), width: 200, height: 200 }, {});
    await page.setInputFiles('input[type=file]', { name: 'x.jpg', mimeType: 'image/jpeg', buffer: photo });
    expect(await troubleOn(page)).toBe('no_code_found');
  });

  it('refuses a file that is no picture', async () => {
    const buffer = Buffer.from('not a picture');
    await page.setInputFiles('input[type=file]', { name: 'x.jpg', mimeType: 'image/jpeg', buffer });
    expect(await troubleOn(page)).toBe('photo_unreadable');
  });

  it.each(['mqtt', 'www'])('does not take %s for a device', async (text) => {
    await typeLabel(page, text);
    expect(await troubleOn(page)).toBe('udid_no_scheme');
  });

  it('finds the wrong label by its key', async () => {
    await listed({});
    const other = await simulatedDevice({ udid: 'mac-02b0ffffff01' });
    await app.server.importList('northfield', [rowFor(other)]);
    await typeAndConnect(page, other.label);
    expect(await failedChecks()).toContain('label_key_is_device_key');
  });

  it('reads the label from a photo as well', async () => {
    const device = await listed({});
    const photo = await photoOf(await printLabel('qrcode', device.label), { size: 0.5, turn: -8, blur: 1 });
    await page.setInputFiles('input[type=file]', {
      name: 'label.jpg',
      mimeType: 'image/jpeg',
      buffer: photo,
    });
    await page.getByText(device.udid).waitFor();
  });
});

describe('device', () => {
  it('says when nothing comes back', async () => {
    const device = await listed({}, { misbehaviour: { kind: 'silent' } });
    await typeLabel(page, device.label);
    await page.click('[data-link=serial]');
    expect(await troubleOn(page)).toBe('device_silent');
  });

  it('says when what comes back makes no sense', async () => {
    const device = await listed({}, { misbehaviour: { kind: 'garbage' } });
    await typeLabel(page, device.label);
    await page.click('[data-link=serial]');
    expect(await troubleOn(page)).toBe('driver_unknown');
  });

  it('finds a broken signature', async () => {
    const device = await listed({}, { misbehaviour: { kind: 'broken-signature' } });
    await typeAndConnect(page, device.label);
    expect(await failedChecks()).toEqual(['csr_signature']);
    // Nobody could approve it.
    expect(await page.getByRole('button', { name: 'Submit as found' }).count()).toBe(0);
  });

  it('finds a request for another key', async () => {
    const device = await listed({}, { misbehaviour: { kind: 'wrong-key' } });
    await typeAndConnect(page, device.label);
    expect(await failedChecks()).toContain('csr_key_is_device_key');
  });
});

describe('list', () => {
  it('says that a device is not on it, and can submit it as found, which is held', async () => {
    const device = await listed(undefined);
    await typeAndConnect(page, device.label);
    expect(await failedChecks()).toEqual(['on_list']);
    await page.getByRole('button', { name: 'Submit as found' }).click();
    // Whoever decides reads why, so there is none without.
    expect(await page.getByRole('button', { name: 'Submit as found' }).isDisabled()).toBe(true);
    await page.getByLabel('Why is it right all the same?').fill('Seen on the delivery note');
    await page.getByRole('button', { name: 'Submit as found' }).click();
    await save(page, OAK_STREET);
    await page.getByRole('heading', { name: 'Held' }).waitFor();
    expect(await troubleOn(page)).toBe('submitted_as_found');
  });

  it('finds the right UDID with the wrong key', async () => {
    const other = await simulatedDevice({ udid: 'mac-02b0ffffff02' });
    const device = await listed({ publicKey: other.publicKey });
    await typeAndConnect(page, device.label);
    expect(await failedChecks()).toEqual(['list_key']);
  });

  it('holds a device of which the list has only the serial', async () => {
    const plugged = await plugIn(app);
    unplug = plugged.unplug;
    const { publicKey: _, ...row } = rowFor(plugged.device, { anchor: 'udid-only' });
    await app.server.importList('northfield', [row]);
    await tapTo(page, '/');
    await page.waitForResponse((answer) => answer.url().includes('/api/work-pack?org=training'));
    await tapTo(page, '/bind');
    await typeAndConnect(page, plugged.device.label);
    await page.getByRole('button', { name: 'Go on' }).click();
    await save(page, OAK_STREET);
    await page.getByRole('heading', { name: 'Held' }).waitFor();
    expect(await troubleOn(page)).toBe('udid_only_row');
  });

  it('knows a device that is bound, offers its next act first, and binds it only once', async () => {
    const device = await listed({});
    for (const round of [1, 2]) {
      if (round === 1) await typeAndConnect(page, device.label);
      else await connectAndRead(page, 'serial');
      await page.getByRole('button', { name: 'Go on' }).click();
      await save(page, OAK_STREET);
      await page.getByRole('heading', { name: 'Bound' }).waitFor();
      if (round === 2) break;
      await page.getByRole('button', { name: 'Later' }).click();
      await tapTo(page, '/bind');
      await typeLabel(page, device.label);
      await page.getByRole('heading', { name: 'This device is known' }).waitFor();
      await page.getByRole('link', { name: 'Write its certificate' }).waitFor();
      await page.getByRole('button', { name: 'Bind it again' }).click();
    }
    const ines = await app.server.signIn('ines');
    const { devices } = (await ines.get('/api/devices?org=northfield')).body as {
      devices: { udid: string }[];
    };
    expect(devices.filter(({ udid }) => udid === device.udid)).toHaveLength(1);
  });
});

describe('phone and network', () => {
  it('keeps the record when a captive portal answers instead of the backend', async () => {
    const device = await listed({});
    await typeAndConnect(page, device.label);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page
      .context()
      .route('**/api/**', (route) =>
        route.fulfill({ status: 200, contentType: 'text/html', body: '<html>Sign in to the hotel</html>' }),
      );
    await save(page, OAK_STREET);
    await page.getByRole('heading', { name: 'Saved on this phone' }).waitFor();
    await page.locator('.strip', { hasText: 'This Wi-Fi wants a sign-in page first' }).waitFor();
    await tapTo(page, '/outbox');
    expect(await troubleOn(page)).toBe('not_our_backend');
    await page.locator('.row', { hasText: device.udid }).getByText('Saved on this phone').waitFor();
    await page.context().unroute('**/api/**');
    await page.getByRole('button', { name: 'Send now' }).click();
    await page.click('[data-filter=all]');
    await page.locator(`[data-device="${device.udid}"][data-need=write]`).waitFor();
  });

  it('gives up its reserve for one record of a full phone, then refuses whole, and saves when there is room again', async () => {
    const first = await listed({});
    await typeAndConnect(page, first.label);
    await page.getByRole('button', { name: 'Go on' }).click();
    await fillPhone(page, app.server.url);
    await save(page, OAK_STREET);
    await page.getByRole('heading', { name: /^(Saved on this phone|Bound)$/ }).waitFor();
    await page.locator('.strip', { hasText: 'its last reserve is in use' }).waitFor();
    await page.getByRole('button', { name: 'Later' }).click();
    await unplug?.();

    const device = await listed({});
    await typeAndConnect(page, device.label);
    await page.getByRole('button', { name: 'Go on' }).click();
    await fillUp(page);
    await save(page, OAK_STREET);
    expect(await troubleOn(page)).toBe('phone_storage_full');
    await emptyPhone(page, app.server.url);
    const bound = page.getByRole('heading', { name: 'Bound' });
    await expect
      .poll(
        async () => {
          // Chromium goes on believing in the full disk for a while.
          const again = page.getByRole('button', { name: 'Save', exact: true });
          if (await again.isVisible()) await again.click();
          return bound.isVisible();
        },
        { timeout: PATIENCE, interval: 1_000 },
      )
      .toBe(true);
    await tapTo(page, '/outbox');
    await page.click('[data-filter=all]');
    await expect.poll(() => page.locator('.row', { hasText: device.udid }).count()).toBe(1);
  });
});
