import type { OrgName } from './issuer-name.ts';

export const CURVES = ['P-256', 'P-384'] as const;
export type Curve = (typeof CURVES)[number];

/** For whom an issuing CA is made, and of what kind its key shall be. */
export interface WantedCa {
  readonly name: OrgName;
  readonly training: boolean;
  /** P-256 if left out. */
  readonly curve?: Curve | undefined;
}
