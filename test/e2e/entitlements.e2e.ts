import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasRight, RIGHTS, type Right } from '../../contract/entitlements.ts';
import type { Role } from '../../contract/operator.ts';
import { ROLES } from '../../contract/roles.ts';
import { tapTo } from '../support/field-app.ts';
import { type OtherBrowser, openBrowser } from '../support/other-browser.ts';
import { PATIENCE } from '../support/patience.ts';
import { type RealPeople, setUpPeople } from '../support/real-people.ts';
import { OAK_STREET, startTestServer, type TestServer } from '../support/server.ts';
import { registrationOf, type TestDevice } from '../support/server-device.ts';
import { closeFaultless } from '../support/server-faults.ts';
import { makeOperatorKey, TestOperator } from '../support/server-operator.ts';

/** The table of entitlements on the screens: what each role sees and does not see, of its own organisation and of another one. */
const ORG = 'northfield';
const OTHER = 'elsewhere';

let server: TestServer;
let people: RealPeople;
let device: TestDevice;
let waiting: string;

beforeAll(async () => {
  server = await startTestServer({ demo: false });
  people = await setUpPeople(server);
  for (const words of [
    ['org', 'create', OTHER, '--title', 'Elsewhere'],
    ['domain', 'create', 'yard.elsewhere.fieldbind.internal', '--org', OTHER],
  ])
    expect(await server.fieldbind(...words)).toMatchObject({ code: 0 });
  const { desk } = people;
  await desk.enrol();
  await desk.send([], desk.heartbeat());
  device = await server.listedDevice();
  expect(await register(desk, device)).toMatchObject({ outcome: 'bound' });
  const loose = await server.listedDevice({ row: { anchor: 'udid-only' } });
  const held = await register(desk, loose);
  expect(held).toMatchObject({ outcome: 'held' });
  waiting = held.record;
  // A claim of another organisation: whoever is of both may ask for it.
  await server.running.installation.stores.people.saveMembership(desk.session.operator, OTHER, 'installer');
  const claim = registrationOf(device, 'yard.elsewhere.fieldbind.internal');
  expect(await desk.submit('registration+jws', claim, OTHER)).toMatchObject({ code: 'transfer_case' });
  await server.running.installation.stores.people.endMembership(desk.session.operator, OTHER);
});
afterAll(() => closeFaultless(server));

const register = (phone: TestOperator, what: TestDevice) =>
  phone.submit('registration+jws', registrationOf(what, OAK_STREET), ORG);

/** A part of a screen that goes with a right. */
interface Part {
  readonly right: Exclude<Right, 'manage_installation'>;
  readonly is: string;
  /** The screen is nobody's who lacks this one. */
  readonly on?: Right;
}
/** Screens with the parts that go with a right, each there only for whoever has it. */
const SCREENS = (): readonly (readonly [string, readonly Part[]])[] => [
  [
    '/',
    [
      { right: 'bind', is: 'button:has-text("Bind a device")' },
      { right: 'practise', is: ':is(a, button):has-text("simulated device")' },
      { right: 'decide_records', is: '.tabs a[href="/desk"]' },
    ],
  ],
  [
    '/more',
    [
      { right: 'see_phones', is: 'a[href="/phones"]' },
      { right: 'manage_people', is: 'a[href="/people"]' },
    ],
  ],
  [
    `/device/${device.maker}/${device.udid}`,
    [
      { right: 'look', is: `[data-device="${device.udid}"]` },
      { right: 'end_devices', is: '[data-section=acts]' },
    ],
  ],
  [
    '/desk',
    [
      { right: 'decide_records', is: `[data-held="${waiting}"] button:has-text("Approve")` },
      { right: 'give_devices_up', is: '[data-section=transfers]', on: 'decide_records' },
    ],
  ],
  ['/phones', [{ right: 'see_phones', is: '[data-phone]' }]],
  [`/people?org=${ORG}`, [{ right: 'manage_people', is: '[data-operator]' }]],
  ['/invite', [{ right: 'manage_people', is: '#invite-name' }]],
];

describe.each(ROLES)('who is %s', (role: Role) => {
  let browser: OtherBrowser;
  beforeAll(async () => {
    const { browser: api } = await people.join(`Person ${role}`, role);
    const { body } = await api.post('/api/invitations/device');
    browser = await openBrowser();
    const { page } = browser;
    await page.goto((body as { link: string }).link);
    await page.getByRole('button', { name: 'Make a passkey here' }).click();
    await page.getByRole('heading', { name: 'Hello, Person' }).waitFor();
    await page.getByRole('link', { name: 'Outbox', exact: true }).waitFor();
  });
  afterAll(() => browser?.close());

  it('sees what goes with a right of theirs, and is told where they lack it', async () => {
    for (const [path, parts] of SCREENS()) {
      await tapTo(browser.page, path);
      const may = parts.map(({ right, on = right }) => hasRight(role, right) && hasRight(role, on));
      const there = () => Promise.all(parts.map(({ is }) => browser.page.locator(is).count()));
      await expect
        .poll(async () => [path, (await there()).map((count) => count > 0)], { timeout: PATIENCE })
        .toEqual([path, may]);
      // A screen that is nobody's without a right says so, in words.
      const isAll = ['/', '/more', `/device/${device.maker}/${device.udid}`].includes(path);
      const forbidden = browser.page.locator('[data-code=forbidden]');
      const told = isAll || may.some(Boolean) ? 0 : 1;
      await expect
        .poll(async () => [path, await forbidden.count()], { timeout: PATIENCE })
        .toEqual([path, told]);
      // And what comes late is nothing more.
      await browser.page.waitForLoadState('networkidle');
      expect([path, (await there()).map((count) => count > 0)]).toEqual([path, may]);
    }
  });

  it('sees nothing of another organisation by naming it', async () => {
    for (const path of [`/desk?org=${OTHER}`, `/people?org=${OTHER}`, `/phones?org=${OTHER}`]) {
      await tapTo(browser.page, path);
      await browser.page.getByRole('heading', { level: 1 }).waitFor();
      await browser.page.waitForLoadState('networkidle');
      expect(await browser.page.getByText('Elsewhere', { exact: true }).count()).toBe(0);
    }
  });
});

it('has a part of a screen for each right that people of an organisation have', () => {
  const ofRoles = RIGHTS.filter((right) => ROLES.some((role) => hasRight(role, right)));
  const shown = new Set(SCREENS().flatMap(([, parts]) => parts.map(({ right }) => right)));
  expect(ofRoles.sort()).toEqual([...shown].sort());
});

it('offers nobody to decide about what they captured themselves', async () => {
  const { browser: api, operator } = await people.join('Olga Own', 'approver');
  const cookie = [...api.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const session = await api.who();
  if (session === undefined) throw new Error('not signed in');
  const phone = new TestOperator(server.url, cookie, session, await makeOperatorKey());
  await phone.enrol();
  const own = await register(phone, await server.listedDevice({ row: { anchor: 'udid-only' } }));
  expect([own.outcome, operator]).toEqual(['held', session.operator]);
  const { body } = await api.post('/api/invitations/device');
  const { page, close } = await openBrowser();
  try {
    await page.goto((body as { link: string }).link);
    await page.getByRole('button', { name: 'Make a passkey here' }).click();
    await page.getByRole('heading', { name: 'Hello, Olga' }).waitFor();
    await tapTo(page, '/desk');
    await page.locator(`[data-held="${waiting}"] button:has-text("Approve")`).waitFor();
    await page.locator(`[data-held="${own.record}"]`).waitFor();
    expect(await page.locator(`[data-held="${own.record}"] button:has-text("Approve")`).count()).toBe(0);
  } finally {
    await close();
  }
});
