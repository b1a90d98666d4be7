/** The numbered steps of a registration's way, as documents and screens name them too. */
export const STEPS = {
  prepare: '0 prepare',
  sync: '7 sync',
  decide: '8 decide',
  issue: '9 issue',
  collect: '10 collect',
  confirm: '11 confirm',
  live: '12 live',
  /** Who came in, went, or was refused. */
  access: 'access',
  /** Administration: keys, organisations, lists, policies, receivers. It is no step of any registration. */
  admin: 'admin',
} as const;
export type Step = (typeof STEPS)[keyof typeof STEPS];
