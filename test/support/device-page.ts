import { createDevicePort } from '../../src/device/index.ts';
import type { Clock } from '../../src/ports/clock.ts';
import {
  type CredentialBundle,
  DeviceError,
  type DevicePick,
  type DeviceSession,
  type LinkKind,
} from '../../src/ports/device.ts';

// Runs in the browser under test: the device folder alone, behind calls that Playwright can make.

const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

const sha256 = async (data: Uint8Array) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(data)));
/** What a label's secret is to the app: given when the driver asks. */
let secret: string | undefined;
const port = createDevicePort({ clock, crypto: { sha256 }, presence: () => secret });
const signal = () => new AbortController().signal;
let session: DeviceSession | undefined;

/** The result, or the code of the DeviceError; anything else is a defect and throws. */
async function told<T>(work: (open: DeviceSession) => Promise<T>): Promise<T | string> {
  if (session === undefined) throw new Error('no session');
  return work(session).catch(codeOf);
}

function codeOf(error: unknown): string {
  if (!(error instanceof DeviceError)) throw error;
  console.info(error.message, error.cause);
  return error.code;
}

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export const rig = {
  links: () => port.availableLinks(),
  async choose(kind: LinkKind, pick: DevicePick) {
    try {
      session = await port.choose(kind, signal(), pick);
      return session.traits.name;
    } catch (error) {
      return codeOf(error);
    }
  },
  identify: () => told((open) => open.identify(signal())),
  evidence: () =>
    told(async (open) => {
      const { publicKey, csr, possession } = await open.evidence(signal());
      return { publicKey: hex(publicKey), csr: hex(csr), possession };
    }),
  install: (bundle: CredentialBundle) => told((open) => open.install(bundle, () => undefined, signal())),
  installed: (bundle: CredentialBundle) => told((open) => open.installed(bundle, signal())),
  scan: (read: string) => {
    secret = read;
  },
  close: async () => session?.close(),
  asked: () => asked,
};

/** Choosers need a person's gesture: a test clicks the button and then awaits `asked`. */
let asked: Promise<string> = Promise.resolve('not asked');
document.querySelector('#ask')?.addEventListener('click', () => {
  asked = rig.choose('bluetooth', 'ask');
});

declare global {
  interface Window {
    rig: typeof rig;
  }
}
window.rig = rig;
