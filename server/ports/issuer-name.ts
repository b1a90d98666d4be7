declare const issuing: unique symbol;

/**
 * Name of an issuing CA by generation (`northfield`, after a rotation `northfield_2`): of its key, its CRL and its addresses.
 * Never an organisation's name, although the first generation's reads the same: an organisation has several of these.
 */
export type IssuerName = string & { readonly [issuing]: true };

/** Name of an organisation. Any text may be tried as one, except the name of an issuing CA. */
export type OrgName = string & { readonly [issuing]?: never };
