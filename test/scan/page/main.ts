/** The smallest app around the scanner: what the end-to-end run drives in place of screens. */
import type { Scanner, ScanResult } from '../../../src/scan/index.ts';

interface Policy {
  createScriptURL(url: string): { toString(): string };
}
interface Driver {
  readPhoto(base64: string, withWasm: boolean): Promise<Outcome>;
  /** Starts the camera and waits for `count` results, or for the hint to offer other ways. */
  watch(count: number, withWasm: boolean): Promise<Watched>;
  freeze(): Promise<Outcome>;
  /** Pauses, starts again, and waits for the next result. */
  again(): Promise<ScanResult>;
  stop(): Promise<{ readonly live: number }>;
  start(): Promise<Outcome>;
  /** Starts and stops before the camera is there. */
  startAndStop(): Promise<Outcome>;
  /** As the browser does when another app comes to the front, and back; tracks alive while hidden, then the next result. */
  hideAndShow(): Promise<{ readonly live: number; readonly result: ScanResult }>;
  /** A camera with a torch: what happens to its track from switching it on to stop(). */
  torchOrder(): Promise<readonly string[]>;
}
export type Outcome =
  | { readonly ok: true; readonly result?: ScanResult }
  | { readonly ok: false; readonly code: string };
export interface Watched {
  readonly results: readonly ScanResult[];
  readonly hints: readonly string[];
  /** Of the camera's picture, pixels. */
  readonly size: readonly [number, number];
}

declare global {
  interface Window {
    driver: Driver;
    violations: string[];
  }
}

window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});

const factory = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): Policy } })
  .trustedTypes;
const policy = factory?.createPolicy('workers', { createScriptURL: (url: string) => url });
const trust = (url: string) => policy?.createScriptURL(url) ?? url;

const scanning = import('../../../src/scan/index.ts');
let scanner: Scanner | undefined;
let onResult: (result: ScanResult) => void = () => {};
let onHint: (hint: string) => void = () => {};

async function open(withWasm: boolean) {
  const { openScan, workersUnder } = await scanning;
  const workers = workersUnder(trust);
  return openScan(withWasm ? workers : { make: (role) => workers.make(role), wasmUrl: undefined });
}

async function outcome(reading: Promise<ScanResult>): Promise<Outcome> {
  const { ScanError } = await scanning;
  return reading.then(
    (result) => ({ ok: true, result }),
    (error: unknown) => ({
      ok: false,
      code: error instanceof ScanError ? error.code : `not a ScanError: ${error}`,
    }),
  );
}

function video(): HTMLVideoElement {
  const element = document.querySelector('video');
  if (element === null) throw new Error('the page has lost its video');
  return element;
}

async function scannerOf(withWasm: boolean): Promise<Scanner> {
  const scan = await open(withWasm);
  return scan.createScanner({
    video: video(),
    onResult: (result) => onResult(result),
    onHint: (hint) => onHint(hint),
    onError: (error) => onHint(error.code),
  });
}

function nextResult(): Promise<ScanResult> {
  return new Promise((resolve) => {
    onResult = resolve;
  });
}

function liveTracks(stream: MediaProvider | null): number {
  const tracks = stream instanceof MediaStream ? stream.getTracks() : [];
  return tracks.filter((track) => track.readyState === 'live').length;
}

function setHidden(hidden: boolean): void {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event('visibilitychange'));
}

window.driver = {
  async readPhoto(base64, withWasm) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const scan = await open(withWasm);
    return outcome(scan.readPhoto(new Blob([bytes])).finally(() => scan.close()));
  },
  async watch(count, withWasm) {
    scanner = await scannerOf(withWasm);
    const results: ScanResult[] = [];
    const hints: string[] = [];
    const done = new Promise<void>((resolve) => {
      onResult = (result) => {
        results.push(result);
        if (results.length >= count) resolve();
      };
      onHint = (hint) => {
        hints.push(hint);
        if (hint === 'offer_other_ways') resolve();
      };
    });
    await scanner.start();
    await done;
    return { results, hints, size: [video().videoWidth, video().videoHeight] };
  },
  freeze: async () => (scanner === undefined ? { ok: false, code: 'no scanner' } : outcome(scanner.freeze())),
  async again() {
    scanner?.pause();
    const next = nextResult();
    await scanner?.start();
    return next;
  },
  async stop() {
    const stream = video().srcObject;
    await scanner?.stop();
    return { live: liveTracks(stream) };
  },
  async startAndStop() {
    const { ScanError } = await scanning;
    const one = await scannerOf(true);
    const started = one.start().then(
      (): Outcome => ({ ok: true }),
      (error: unknown): Outcome => ({
        ok: false,
        code: error instanceof ScanError ? error.code : `${error}`,
      }),
    );
    await one.stop();
    return started;
  },
  async hideAndShow() {
    const stream = video().srcObject;
    setHidden(true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const live = liveTracks(stream);
    const next = nextResult();
    setHidden(false);
    return { live, result: await next };
  },
  async torchOrder() {
    const order: string[] = [];
    const { applyConstraints, getCapabilities, stop } = MediaStreamTrack.prototype;
    Object.assign(MediaStreamTrack.prototype, {
      getCapabilities: () => ({ torch: true }),
      applyConstraints: async ({ advanced }: { advanced: readonly object[] }) =>
        void order.push(JSON.stringify(advanced[0])),
      stop(this: MediaStreamTrack) {
        order.push('stop');
        stop.call(this);
      },
    });
    try {
      const one = await scannerOf(true);
      const { torch } = await one.start();
      order.push(`torch: ${torch}`);
      await one.torch(true);
      await one.stop();
      return order;
    } finally {
      Object.assign(MediaStreamTrack.prototype, { applyConstraints, getCapabilities, stop });
    }
  },
  async start() {
    const { ScanError } = await scanning;
    const one = await scannerOf(true);
    return one.start().then(
      () => ({ ok: true }),
      (error: unknown) => ({
        ok: false,
        code: error instanceof ScanError ? error.code : `not a ScanError: ${error}`,
      }),
    );
  },
};
