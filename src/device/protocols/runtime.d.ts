// Beside core/runtime.d.ts: every runtime that runs protocols and drivers has it, and the pure project has no DOM.
declare const AbortController: {
  new (): { readonly signal: AbortSignal; abort(reason?: unknown): void };
};
