import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import type { ListRow } from '../../contract/list-row.ts';
import type { ServeOptions } from '../../server/serve.ts';
import type { ZephyrCredDevice } from '../../simulator/profiles/zephyr-cred.ts';
import { startBluez } from './bluez/fake-bluez.ts';
import { launchWithDevices, profileWithSerialGrant } from './device-browser.ts';
import { startFakeSerial } from './fakedev/fake-serial.ts';
import { startTestServer, type TestServer } from './server.ts';

const PHONE = { width: 390, height: 844 };

/** The real app in the real browser at phone size, against the real server, with a cable and a radio that are real to it. */
export interface FieldApp {
  /** The server as it runs now; another one after it was brought back. */
  readonly server: TestServer;
  readonly serial: ReturnType<typeof startFakeSerial>;
  readonly bluez: Awaited<ReturnType<typeof startBluez>>;
  page(): Page;
  context(): BrowserContext;
  /** Opens the browser on the same profile; `offline` from the first request on. */
  open(options?: { readonly offline?: boolean; readonly args?: readonly string[] }): Promise<Page>;
  /** Takes the server off the network, so that not even a browser just starting can reach it; and brings it back. */
  stopServer(): Promise<void>;
  bringServerBack(): Promise<void>;
  /** Ends the browser as a person does. Its cookies reach the disk: Chromium writes them only every half minute. */
  shut(): Promise<void>;
  /** SIGKILL for every process of the browser, as a phone that dies. */
  kill(): Promise<void>;
  /** Everything the page must not have done: CSP violations, other origins, uncaught errors, console errors. */
  readonly offences: readonly string[];
  close(): Promise<void>;
}

/** `dist`: another build of the page than the project's own. */
export async function startFieldApp(
  options: Pick<Partial<ServeOptions>, 'dist' | 'policy' | 'demo' | 'clock'> = {},
): Promise<FieldApp> {
  const data = mkdtempSync(join(tmpdir(), 'fieldbind-field-'));
  const [first, bluez] = await Promise.all([startTestServer({ ...options, data }), startBluez()]);
  const { url } = first;
  const { port } = first.running;
  let server = first;
  const serial = startFakeSerial();
  const profile = profileWithSerialGrant(url);
  const offences: string[] = [];
  let context: BrowserContext | undefined;

  const current = () => {
    if (context === undefined) throw new Error('the browser is closed');
    return context;
  };
  const pageOf = (ctx: BrowserContext): Page => {
    const [page] = ctx.pages();
    if (page === undefined) throw new Error('the browser has no page');
    return page;
  };
  const app: FieldApp = {
    get server() {
      return server;
    },
    serial,
    bluez,
    offences,
    context: current,
    page: () => pageOf(current()),
    async open({ offline = false, args = [] } = {}) {
      context = await launchWithDevices(profile, { ...serial.env, ...bluez.env }, { viewport: PHONE, args });
      await context.setOffline(offline);
      watchOffences(context, url, offences);
      const page = pageOf(context);
      await page.goto(url);
      return page;
    },
    stopServer: () => server.close(),
    async bringServerBack() {
      server = await startTestServer({ ...options, data, port });
    },
    async shut() {
      await current().close();
      context = undefined;
    },
    async kill() {
      const closed = new Promise((resolve) => current().once('close', resolve));
      // The pattern is this profile's own folder, so no other browser can match.
      execFileSync('pkill', ['-KILL', '-f', `user-data-dir=${profile}`]);
      await closed;
      context = undefined;
    },
    async close() {
      await context?.close();
      bluez.stop();
      serial.stop();
      await server.close();
      for (const folder of [profile, data]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return app;
}

/** Notes what a page of a browser must not do: see `FieldApp.offences`. */
export function watchOffences(context: BrowserContext, origin: string, offences: string[]): void {
  context.on('console', (line) => {
    // The browser's own remarks on an answer of 401 or on a cut network are not the page's doing.
    if (line.type() === 'error' && !/Failed to load resource/.test(line.text()))
      offences.push(`console: ${line.text()}`);
    if (/Content Security Policy|Trusted ?Type/i.test(line.text())) offences.push(`csp: ${line.text()}`);
  });
  context.on('weberror', (event) => offences.push(`uncaught: ${event.error().message}`));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && url.origin !== origin)
      offences.push(`other origin: ${request.url()}`);
  });
}

/** The row its maker hands over for a simulated device. */
export function rowFor(device: ZephyrCredDevice, changes: Partial<ListRow> = {}): ListRow {
  return {
    maker: 'acme',
    udid: device.udid,
    aliases: [],
    anchor: 'key',
    publicKey: device.publicKey,
    model: 'Meter 42',
    ...changes,
  };
}

/** Signs in and waits until the app itself says that it can work offline. */
export async function signInAndPrepare(page: Page, person: string): Promise<void> {
  await page.click(`[data-person=${person}]`);
  await page.getByRole('link', { name: 'Outbox', exact: true }).waitFor();
  await page.goto(new URL('/ready', page.url()).href);
  await page.getByRole('heading', { name: 'Ready to work offline' }).waitFor();
}

/** Goes to a screen by the app's own router, as a tap on a link does. */
export async function tapTo(page: Page, path: string): Promise<void> {
  await page.goto(new URL(path, page.url()).href);
}

export function deviceFolder(app: FieldApp): string {
  return join(app.serial.directory, 'tty');
}
