/** The browser's Trusted Types factory (W3C Trusted Types; not in TypeScript's DOM types). */
interface TrustedTypesFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}
declare global {
  interface Window {
    readonly trustedTypes?: TrustedTypesFactory;
  }
}

/** The one named policy of the page: only files of our own origin become scripts or workers. */
const policy = window.trustedTypes?.createPolicy('fieldbind', {
  createScriptURL(url) {
    if (new URL(url, location.href).origin !== location.origin) throw new TypeError('not a script of ours');
    return url;
  },
});

export function trustedUrl(url: string): string {
  return policy === undefined ? url : policy.createScriptURL(url);
}
