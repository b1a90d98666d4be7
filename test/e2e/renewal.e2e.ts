import { createHash, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../server/authority/ca/policy.ts';
import { choosePlace, connectAndRead, plugIn, typeLabel } from '../support/bench-device.ts';
import { type FieldApp, rowFor, signInAndPrepare, startFieldApp, tapTo } from '../support/field-app.ts';
import { OAK_STREET } from '../support/server.ts';

// A device without network of its own: its certificate is renewed by whoever visits it, over the cable.
let app: FieldApp;

beforeAll(async () => {
  // Certificates are good from an hour before they are made: with ten minutes more to live, each is due at once.
  app = await startFieldApp({ policy: { ...DEFAULT_POLICY, device: 10 * 60_000 } });
  await signInAndPrepare(await app.open(), 'ines');
});

afterAll(async () => {
  expect(app.offences).toEqual([]);
  await app?.close();
});

it('writes the successor over the certificate that is there when a bound device is registered again', async () => {
  const page = app.page();
  const { device } = await plugIn(app);
  await app.server.importList('northfield', [rowFor(device)]);
  const visit = async () => {
    await tapTo(page, '/');
    await tapTo(page, '/bind');
    await typeLabel(page, device.label);
    const again = page.getByRole('button', { name: /^(Renew it|Bind it again)/ });
    await again.or(page.locator('[data-link=serial]')).first().waitFor();
    if (await again.isVisible()) await again.click();
    await connectAndRead(page, 'serial');
    await page.getByRole('button', { name: 'Go on' }).click();
    await choosePlace(page, OAK_STREET);
    await page.getByRole('button', { name: /^(Save|Renew)$/ }).click();
    await page.getByRole('button', { name: 'Write certificate now' }).click();
    await page.getByRole('heading', { name: 'Certificate on device' }).waitFor();
    const fingerprint = await page.locator('[data-fact=fingerprint]').textContent();
    await page.getByRole('button', { name: 'Done' }).click();
    return fingerprint;
  };
  const first = await visit();
  const second = await visit();
  expect(second).toMatch(/^[0-9a-f]{64}$/);
  expect(second).not.toBe(first);
  await page.locator('.strip', { hasText: 'Everything is sent' }).waitFor();
  // The first certificate of the PEM in the slot.
  const [pem] = Buffer.from(device.stored('SERV') ?? [])
    .toString('utf8')
    .split(/(?<=-----END CERTIFICATE-----)/);
  const leaf = new X509Certificate(pem ?? '');
  expect(createHash('sha256').update(leaf.raw).digest('hex')).toBe(second);
});
