import { fromHex, toHex } from '../../core/bytes.ts';
import type { Timer } from '../../core/clock.ts';
import { cryptoPort } from '../../core/webcrypto.ts';
import { createDevicePort } from '../../src/device/index.ts';
import { openPort } from '../../src/device/links/port-link.ts';
import { UsbPort } from '../../src/device/links/usb-port.ts';
import { pickUsbDevice } from '../../src/device/links/web-usb.ts';
import {
  type CredentialBundle,
  DeviceError,
  type DevicePick,
  type DeviceSession,
  type LinkKind,
  type Visit,
  type WifiStep,
} from '../../src/ports/device.ts';

// Runs in the browser under test: the device folder alone, behind calls that Playwright can make.

const clock: Timer = {
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

/** What the app knows of this device; one object for the page's life, as drivers look when they need it. */
const visit: { -readonly [part in keyof Visit]: Visit[part] } = {};
const port = createDevicePort({ clock, crypto: cryptoPort(crypto) });
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

async function wifi<T>(work: (step: WifiStep) => Promise<T>): Promise<T | string> {
  return told(async (open) => {
    if (open.wifi === undefined) throw new Error('no Wi-Fi step');
    return work(open.wifi);
  });
}

export const rig = {
  links: () => port.availableLinks(),
  async choose(kind: LinkKind, pick: DevicePick) {
    try {
      session = await port.choose(kind, signal(), { pick, visit });
      return session.traits.name;
    } catch (error) {
      return codeOf(error);
    }
  },
  identify: () => told((open) => open.identify(signal())),
  evidence: () =>
    told(async (open) => {
      const { publicKey, csr, possession } = await open.evidence(signal());
      return { publicKey: toHex(publicKey), csr: toHex(csr), possession };
    }),
  install: (bundle: CredentialBundle) => told((open) => open.install(bundle, () => undefined, signal())),
  installed: (bundle: CredentialBundle) => told((open) => open.installed(bundle, signal())),
  holdsKey: (publicKey: string) =>
    told((open) => open.holdsKey(fromHex(publicKey) ?? new Uint8Array(0), signal())),
  wifiState: () => wifi((step) => step.state(signal())),
  wifiScan: () => wifi((step) => step.scan(signal())),
  wifiJoin: (ssid: string, password: string) =>
    wifi(async (step) => (await step.join(ssid, password, signal())) ?? 'joined'),
  traits: () => session?.traits,
  /** The label's secret, as it was scanned. */
  scan: (secret: string) => {
    visit.secret = { secret };
  },
  /** In hexadecimal; empty for none. */
  challenge: (bytes: string) => {
    visit.challenge = fromHex(bytes) ?? new Uint8Array(0);
    if (bytes === '') delete visit.challenge;
  },
  replaceOrphanKey: (yes: boolean) => {
    visit.replaceOrphanKey = yes;
  },
  /** A page is one test's world only if nothing of the last one's is left. */
  forget: () => {
    for (const part of Object.keys(visit)) delete visit[part as keyof Visit];
  },
  close: async () => session?.close(),
  asked: () => asked,
  /** The USB link's parts, for what no driver shows of them. */
  usbPort: async () => new UsbPort(await pickUsbDevice('known-only')),
  usbLink: async () => openPort(await rig.usbPort(), 'usb', clock, signal()),
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
