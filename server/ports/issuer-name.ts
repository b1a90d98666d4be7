declare const issuing: unique symbol;

/**
 * Name of an issuing CA by generation (`northfield`, after a rotation `northfield_2`): of its key, its CRL and its
 * addresses. It is never an organisation's name, although the first generation's reads the same, since an
 * organisation has several issuing CAs.
 */
export type IssuerName = string & { readonly [issuing]: true };

/** Name of an organisation. Any text can be looked up as one, except the name of an issuing CA. */
export type OrgName = string & { readonly [issuing]?: never };
