import type { OrgName } from './issuer-name.ts';

export const CURVES = ['P-256', 'P-384'] as const;
export type Curve = (typeof CURVES)[number];

/** The issuing CA to create: for which organisation, and with what kind of key. */
export interface WantedCa {
  readonly name: OrgName;
  readonly training: boolean;
  /** P-256 if left out. */
  readonly curve?: Curve | undefined;
}
