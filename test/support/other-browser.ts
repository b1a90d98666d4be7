import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchWithDevices } from './device-browser.ts';
import { addAuthenticator, type VirtualAuthenticator } from './virtual-authenticator.ts';

/** Somebody else's browser, with an authenticator of its own. */
export interface OtherBrowser {
  readonly page: Page;
  readonly authenticator: VirtualAuthenticator;
  close(): Promise<void>;
}

export async function openBrowser(viewport = { width: 390, height: 844 }): Promise<OtherBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'fieldbind-other-'));
  const context = await launchWithDevices(profile, {}, { viewport });
  const page = context.pages()[0] as Page;
  return {
    page,
    authenticator: await addAuthenticator(page),
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
