import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm?url';
import type { LaneRole } from './decode/protocol.ts';
import workerUrl from './decode/worker.ts?worker&url';

/** Makes decoding workers. Handed in, so that one Trusted Types policy of the app makes every worker's address. */
export interface ScanWorkers {
  make(role: LaneRole): Worker;
  /** Address of zxing-cpp on our own origin; undefined reads without WebAssembly. */
  readonly wasmUrl: string | undefined;
}

/**
 * Turns an address of ours into what `new Worker` takes under `require-trusted-types-for 'script'`: a TrustedScriptURL, or
 * the text itself where the browser has no Trusted Types.
 */
export type TrustUrl = (url: string) => { toString(): string };

/** The workers and the wasm file that Vite built beside the app. */
export function workersUnder(trust: TrustUrl): ScanWorkers {
  return {
    wasmUrl,
    make(role) {
      // TypeScript's DOM types do not know TrustedScriptURL, which Worker takes like a URL.
      const url = trust(workerUrl) as URL;
      return new Worker(url, { type: 'module', name: `scan-${role}` });
    },
  };
}
