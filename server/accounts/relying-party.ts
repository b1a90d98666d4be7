/** This installation as authenticators know it (WebAuthn level 3, section 4, "relying party"). */
export interface RelyingParty {
  /** Host of the public address. A passkey is bound to it for ever: another host has none of them. */
  readonly id: string;
  readonly name: string;
  /** Origins of our own page. */
  readonly origins: readonly string[];
}

/** @param publicUrl address at which people open the app */
export function relyingParty(publicUrl: string, origins: Iterable<string>): RelyingParty {
  return { id: new URL(publicUrl).hostname, name: 'Fieldbind', origins: [...origins] };
}
