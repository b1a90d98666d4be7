/** Apart from the schemas, so that the first screen does not carry those. */
export const ROLES = ['installer', 'owner', 'support', 'approver', 'administrator'] as const;

/** Who decides at the desk of an organisation. */
export const DESK = [
  'support',
  'approver',
  'administrator',
] as const satisfies readonly (typeof ROLES)[number][];
/** Who may speak for the devices of an organisation, or of a home. */
export const CUSTODIANS = ['owner', ...DESK] as const;
