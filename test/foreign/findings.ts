/** What a linter says against one thing. */
export interface Finding {
  readonly linter: 'zlint' | 'pkilint';
  readonly lint: string;
  readonly severity: string;
  readonly profile: string;
  readonly detail: string;
}

/** How one thing was judged. */
export interface Linted {
  readonly profile: string;
  /** How many of the linter's rules applied to it. */
  readonly lints: number;
  readonly findings: readonly Finding[];
}

/** A finding that stands, for a reason and with its source. */
interface Explained {
  readonly linter: Finding['linter'];
  readonly lint: string;
  readonly profiles: RegExp;
  readonly detail: RegExp;
  readonly because: string;
}

const HTTPS =
  'An installation that is reached by HTTPS alone has no other address to name. RFC 5280 section 8 says SHOULD NOT, lest a verifier needs the answer to reach the answer, and asks that the server can be validated without it: its certificate for HTTPS comes from elsewhere (FIELDBIND_TLS_CERT, or a proxy), not from the CAs here.';

export const EXPLAINED: readonly Explained[] = [
  ...['w_distribution_point_missing_ldap_or_uri', 'w_ext_aia_access_location_missing'].map(
    (lint): Explained => ({
      linter: 'zlint',
      lint,
      profiles: /, address by HTTPS$/,
      detail: /^$/,
      because: HTTPS,
    }),
  ),
  {
    linter: 'pkilint',
    lint: 'pkix.invalid_uri_syntax',
    profiles: /^device/,
    detail: /^Invalid URI syntax: "spiffe:\/\/[a-z0-9.-]+\/device\/[a-z0-9-]+"$/,
    because:
      'pkilint asks the library "validators" (0.22, function url), which knows nine schemes such as http and ftp. RFC 5280 section 4.2.1.6 asks for a URI by RFC 3986, which ties nobody to these, and the SPIFFE X.509-SVID (section 2) asks for exactly this one.',
  },
];

export function explains(explained: Explained, { linter, lint, profile, detail }: Finding): boolean {
  return (
    explained.linter === linter &&
    explained.lint === lint &&
    explained.profiles.test(profile) &&
    explained.detail.test(detail)
  );
}
